// The example apps of the library, one for each framework, as a visitor sees them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, newVisitor } from "./support/browser.mjs";
import { cookiesOf } from "./support/demo-page.mjs";
import { startExample } from "./support/program.mjs";
import { LIMIT } from "./support/stage.mjs";

let browser;
before(async () => (browser = await launch()), LIMIT);
after(() => browser?.close(), LIMIT);

for (const framework of ["actix", "axum"]) {
  test(`the example on ${framework}`, LIMIT, async (t) => {
    const { url, stop } = await startExample(framework);
    t.after(stop);
    const context = await newVisitor(browser);
    t.after(() => context.close());
    const page = await context.newPage();
    await page.goto(url);
    await page.getByText("Nobody is signed in").waitFor();
    assert.equal((await fetch(new URL("/account", url))).status, 401);

    await t.test("signs in from inside a stream", async () => {
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByText("welcome").waitFor();
      await page.getByText("Signed in as Ada").waitFor();
      const { signed_in: session } = await cookiesOf(context, url);
      assert.equal(session.httpOnly, true);
      assert.equal(session.sameSite, "Strict");
    });

    await t.test("keeps the theme that is chosen over a socket", async () => {
      await page.getByLabel("Theme").selectOption("dark");
      await page.locator("body[data-theme=dark]").waitFor();
      await page.reload();
      await page.locator("body[data-theme=dark]").waitFor();
      await page.getByText("Signed in as Ada").waitFor();
    });

    await t.test("signs out from inside a stream", async () => {
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByText("goodbye").waitFor();
      await page.getByText("Nobody is signed in").waitFor();
      assert.equal((await cookiesOf(context, url)).signed_in, undefined);
    });
  });
}
