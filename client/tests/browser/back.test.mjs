// A page that is left while its token is on its way, and comes back from the back/forward cache.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, newVisitor } from "./support/browser.mjs";
import { cookiesOf, openPage } from "./support/demo-page.mjs";
import { startDemo } from "./support/program.mjs";
import { LIMIT } from "./support/stage.mjs";

let demo, browser;
before(async () => {
  demo = await startDemo();
  // Playwright switches the cache off, because a page from it has no navigation to wait for.
  browser = await launch({ ignoreDefaultArgs: ["--disable-back-forward-cache"] });
}, LIMIT);
after(async () => {
  await browser?.close();
  await demo?.stop();
}, LIMIT);

/** Leaves for another page in the same task in which a token came. */
async function leaveWithToken(elsewhere) {
  const { applyCookies, ready } = await import("/__apply-cookies/client.js");
  await ready();
  const stream = new EventSource("/demo/practice");
  const { data } = await new Promise((resolve) => stream.addEventListener("apply-cookies", resolve));
  stream.close();
  globalThis.returned = [];
  addEventListener("pageshow", ({ persisted }) => globalThis.returned.push(persisted));
  // Not in this call, which has to be answered.
  setTimeout(() => {
    globalThis.fate = applyCookies(JSON.parse(data).token).then(() => "applied", ({ type }) => type);
    location.assign(elsewhere);
  }, 50);
}

test("a page that comes back goes on where it was, and its promise settles", LIMIT, async (t) => {
  const context = await newVisitor(browser);
  t.after(() => context.close());
  const page = await openPage(context, demo.url);
  await page.evaluate(leaveWithToken, "/demo/favicon.svg");
  await page.waitForURL("**/favicon.svg");
  await page.evaluate(() => history.back());
  // If it is reloaded instead, this never comes, and the test has tested nothing.
  await page.waitForFunction(() => globalThis.returned?.length);
  assert.deepEqual(await page.evaluate(() => globalThis.returned), [true]);
  assert.equal(await page.evaluate(() => globalThis.fate), "applied");
  assert.equal((await cookiesOf(context, demo.url)).practice.httpOnly, true);
  assert.deepEqual(await page.evaluate(() => Object.keys(sessionStorage)), []);
});
