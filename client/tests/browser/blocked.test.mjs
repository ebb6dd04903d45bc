// A visitor who has switched cookies off.

import assert from "node:assert/strict";
import { test } from "node:test";

import { launch, newVisitor, PATIENCE } from "./support/browser.mjs";
import { cookiesOf } from "./support/demo-page.mjs";
import { startDemo } from "./support/program.mjs";
import { LIMIT } from "./support/stage.mjs";
import { begin } from "./support/stream-page.mjs";

test("where cookies are switched off the page hears of it once, and nothing loops", LIMIT, async (t) => {
  const { url, stop } = await startDemo();
  t.after(stop);
  const browser = await launch({ cookies: "blocked" });
  t.after(() => browser.close());
  const context = await newVisitor(browser);
  const page = await context.newPage();
  // Nothing runs on it but this test's scripts.
  await page.goto(`${url}whoami`);
  await page.evaluate(begin);
  await page.waitForFunction(() => globalThis.seen.includes("blocked"));
  // One more token of the same stream, which the browser opens again by itself after some seconds.
  const { length } = await page.evaluate(() => globalThis.seen);
  context.setDefaultTimeout(2 * PATIENCE);
  await page.waitForFunction((n) => globalThis.seen.length > n, length);
  const { seen, opened, binds } = await page.evaluate(() => ({
    seen: globalThis.seen,
    opened: globalThis.opened,
    binds: performance.getEntriesByType("resource").filter(({ name }) => name.endsWith("/bind")).length,
  }));
  assert.deepEqual(seen.slice(0, 3).toSorted(), ["blocked", "failed wrong-browser", "failed wrong-browser"]);
  assert.deepEqual([...new Set(seen.slice(3))], ["failed wrong-browser"]);
  assert.deepEqual({ opened, binds }, { opened: 2, binds: 2 });
  assert.deepEqual(await cookiesOf(context, url), {});
});
