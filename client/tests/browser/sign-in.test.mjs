import assert from "node:assert/strict";
import { test } from "node:test";

import { newVisitor } from "./support/browser.mjs";
import { cookiesOf, openPage, shownName, signIn, signOut, whoHas } from "./support/demo-page.mjs";
import { LIMIT, setStage } from "./support/stage.mjs";

const stage = setStage();

for (const host of ["127.0.0.1", "localhost"]) {
  test(`signing in from inside a stream, under ${host}`, LIMIT, async (t) => {
    const url = `http://${host}:${stage.demo.port}/`;
    const context = await newVisitor(stage.browser);
    t.after(() => context.close());
    const page = await openPage(context, url);
    let session;

    await t.test("at first nobody is signed in", async () => {
      assert.equal(await shownName(page), "Nobody is signed in");
      assert.equal((await cookiesOf(context, url)).session, undefined);
    });

    await t.test("the browser has the session, where no script can read it", async () => {
      await signIn(page, "Grace");
      session = (await cookiesOf(context, url)).session;
      assert.match(session.value, /^[0-9a-f]{32}$/);
      assert.equal(session.httpOnly, true);
      // Safari keeps no Secure cookie over plain http.
      assert.equal(session.secure, false);
      assert.equal(session.sameSite, "Lax");
      assert.equal(await page.evaluate(() => document.cookie), "");
    });

    await t.test("the page knows who it is", async () => {
      assert.equal(await shownName(page), "Signed in as Grace");
      assert.equal(await whoHas(url, session.value), "Grace");
    });

    await t.test("it still does after a reload", async () => {
      await page.reload();
      await page.getByText("Signed in as Grace").waitFor();
    });

    await t.test("signing in again makes the old session worthless", async () => {
      await signIn(page, "Hedy");
      const old = session.value;
      session = (await cookiesOf(context, url)).session;
      assert.notEqual(session.value, old);
      assert.equal(await whoHas(url, old), null);
      assert.equal(await whoHas(url, session.value), "Hedy");
    });

    await t.test("signing out takes the cookie away, and a copy of it is worthless", async () => {
      await signOut(page);
      assert.equal((await cookiesOf(context, url)).session, undefined);
      assert.equal(await shownName(page), "Nobody is signed in");
      assert.equal(await whoHas(url, session.value), null);
    });

    await t.test("and it stays so after a reload", async () => {
      await page.reload();
      await page.getByText("Nobody is signed in").waitFor();
    });
  });
}

test("a visitor who signs in and right out again is signed out", LIMIT, async (t) => {
  const { url } = stage.demo;
  const context = await newVisitor(stage.browser);
  t.after(() => context.close());
  const page = await openPage(context, url);
  await page.evaluate(() => {
    globalThis.applied = 0;
    document.addEventListener("apply-cookies:applied", () => globalThis.applied++);
  });
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.waitForFunction(() => globalThis.applied === 2);
  assert.equal((await cookiesOf(context, url)).session, undefined);
  await page.getByText("Nobody is signed in").waitFor();
});
