import assert from "node:assert/strict";
import { test } from "node:test";

import { newVisitor } from "./support/browser.mjs";
import { openPage, signIn, signOut } from "./support/demo-page.mjs";
import { LIMIT, setStage } from "./support/stage.mjs";

const stage = setStage();

test("another tab hears that somebody signed in and out, this one does not", LIMIT, async (t) => {
  const { url } = stage.demo;
  const context = await newVisitor(stage.browser);
  t.after(() => context.close());
  await context.addInitScript(() => {
    globalThis.heard = [];
    document.addEventListener("apply-cookies:elsewhere", ({ detail }) => globalThis.heard.push(detail));
  });
  const here = await openPage(context, url);
  const other = await openPage(context, url);
  await signIn(here, "Grace");
  await other.waitForFunction(() => globalThis.heard.length === 1);
  await signOut(here);
  await other.waitForFunction(() => globalThis.heard.length === 2);
  assert.deepEqual(await other.evaluate(() => globalThis.heard), [null, null]);
  assert.deepEqual(await here.evaluate(() => globalThis.heard), []);
});
