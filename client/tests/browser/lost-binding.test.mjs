// A binding cookie that changes, or does not stay, while a page is open.

import assert from "node:assert/strict";
import { test } from "node:test";

import { newVisitor } from "./support/browser.mjs";
import { cookiesOf, openPage, postsOf } from "./support/demo-page.mjs";
import { LIMIT, setStage } from "./support/stage.mjs";
import { begin } from "./support/stream-page.mjs";

const stage = setStage();

const BINDING = "apply-cookies";

test("a binding that is replaced between stream and token: the page recovers by itself", LIMIT, async (t) => {
  const { url } = stage.demo;
  const context = await newVisitor(stage.browser);
  t.after(() => context.close());
  const page = await openPage(context, url);
  const replace = async () => {
    await context.clearCookies({ name: BINDING });
    await page.evaluate(() => fetch("/__apply-cookies/bind", { method: "POST" }));
    return (await cookiesOf(context, url))[BINDING].value;
  };
  let replaced;
  page.on("response", (response) => {
    // The head of the stream is here; its token comes more than half a second later.
    if (response.url().includes("/demo/sign-in")) replaced ??= replace();
  });
  await page.route("**/__apply-cookies", async (route) => {
    await replaced;
    await route.continue();
  });
  await page.evaluate(begin);
  await page.waitForFunction(() => globalThis.seen.includes("applied"));
  assert.deepEqual(await page.evaluate(() => globalThis.seen.slice(0, 2)), ["failed wrong-browser", "applied"]);
  assert.equal(await page.evaluate(() => globalThis.opened), 2);
  const cookies = await cookiesOf(context, url);
  assert.equal(cookies[BINDING].value, await replaced);
  assert.equal(cookies.session.httpOnly, true);
});

test("in a browser that keeps no binding the page hears once that cookies are blocked, and nothing loops", LIMIT, async (t) => {
  const { url } = stage.demo;
  const context = await newVisitor(stage.browser);
  t.after(() => context.close());
  const page = await openPage(context, url);
  const posts = postsOf(page);
  let binds = 0;
  page.on("request", (request) => {
    if (request.url().endsWith("/bind")) binds++;
  });
  // As a browser that blocks cookies does: it sends none.
  await context.route("**/*", async (route) => {
    const headers = await route.request().allHeaders();
    delete headers.cookie;
    await context.clearCookies();
    await route.continue({ headers });
  });
  await page.evaluate(begin);
  await page.waitForFunction(() => globalThis.seen.includes("blocked"));
  const { opened } = await page.evaluate(() => ({ opened: globalThis.opened }));
  // Two more tokens of the same stream, which the browser opens again by itself.
  const before = posts.length;
  await page.waitForFunction((n) => globalThis.seen.filter((it) => it.startsWith("failed")).length >= n, before + 1);
  const seen = await page.evaluate(() => globalThis.seen);
  assert.equal(seen.filter((it) => it === "blocked").length, 1);
  assert.ok(seen.every((it) => it === "blocked" || it === "failed wrong-browser"), seen.join());
  assert.equal(opened, 2);
  assert.equal(await page.evaluate(() => globalThis.opened), 2);
  assert.equal(binds, 2);
});
