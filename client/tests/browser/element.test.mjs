import assert from "node:assert/strict";
import { test } from "node:test";

import { newVisitor } from "./support/browser.mjs";
import { cookiesOf, freshToken, openPage, post, postsOf } from "./support/demo-page.mjs";
import { LIMIT, setStage } from "./support/stage.mjs";

const stage = setStage();

test("an element that is inserted again does nothing twice", LIMIT, async (t) => {
  const { url } = stage.demo;
  const context = await newVisitor(stage.browser);
  t.after(() => context.close());
  const page = await openPage(context, url);
  const token = await freshToken(page);
  const posts = postsOf(page);

  const steps = await page.evaluate(async (text) => {
    const seen = [];
    for (const step of ["posted", "applied", "failed"]) {
      document.addEventListener(`apply-cookies:${step}`, () => seen.push(step));
    }
    const applied = new Promise((resolve) =>
      document.addEventListener("apply-cookies:applied", resolve, { once: true }),
    );
    const element = document.createElement("apply-cookies");
    element.setAttribute("token", text);
    document.body.append(element);
    const kept = element.getAttribute("token");
    // Before it is applied, and after; moved, and morphed back to what the server had sent.
    element.remove();
    document.body.append(element);
    await applied;
    document.body.prepend(element);
    element.setAttribute("token", text);
    const copy = document.createElement("apply-cookies");
    copy.setAttribute("token", text);
    document.body.append(copy);
    await new Promise((resolve) => setTimeout(resolve, 300));
    return { seen, kept };
  }, token);

  assert.deepEqual(steps, { seen: ["posted", "applied"], kept: null });
  assert.equal(posts.length, 1);
  assert.equal((await cookiesOf(context, url)).practice.httpOnly, true);
  // It was this token, and it is spent.
  assert.deepEqual(await post(page, token), { status: 409, type: "used" });
});

test("an element applies its token while its document is still being streamed", LIMIT, async (t) => {
  const context = await newVisitor(stage.browser);
  t.after(() => context.close());
  await context.addInitScript(() => {
    document.addEventListener("apply-cookies:applied", () => (globalThis.stateWhenApplied = document.readyState));
  });
  // The document opens on its own as well, without the page around it.
  const page = await context.newPage();
  await page.goto(`${stage.demo.url}demo/visit`);
  await page.getByText("visit, your first").waitFor();
  assert.equal(await page.evaluate(() => globalThis.stateWhenApplied), "loading");
  await page.reload();
  await page.getByText("visits, counted by a cookie").waitFor();
});
