// A browser that keeps no cookies at all, by its own settings: the pages say so in words.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, newVisitor } from "./support/browser.mjs";
import { startExample } from "./support/program.mjs";
import { LIMIT, setStage } from "./support/stage.mjs";

const stage = setStage();

let browser;
let context;
before(async () => {
  browser = await launch({ cookies: "blocked" });
  context = await newVisitor(browser);
}, LIMIT);
after(() => browser?.close(), LIMIT);

const WORDS = "Your browser keeps no cookies";

/** Each way to use the demo, and the card that says how it went. */
const USES = {
  "signing in": ["#sse", (page) => page.getByRole("button", { name: "Sign in", exact: true }).click()],
  "signing out": ["#sse", (page) => page.getByRole("button", { name: "Sign out", exact: true }).click()],
  "keeping a setting": ["#websocket", (page) => page.getByRole("radio", { name: "Teal" }).check()],
  "counting a visit": ["#html", (page) => page.getByRole("button", { name: "Visit the page" }).click()],
};

for (const [what, [card, use]] of Object.entries(USES)) {
  test(`the demo says that no cookies are kept: ${what}`, LIMIT, async (t) => {
    const page = await context.newPage();
    t.after(() => page.close());
    await page.goto(stage.demo.url);
    await page.getByText("Nobody is signed in").waitFor();
    assert.equal(await page.getByRole("alert").count(), 0);
    await use(page);
    await page.getByRole("alert").getByText(WORDS).waitFor();
    const outcome = page.locator(card).locator(".outcome");
    await outcome.getByText("This browser keeps no cookies here.").waitFor();
    assert.equal(await page.locator(`${card} .timeline`).getAttribute("data-state"), "failed");
    // And again, without loading the page anew.
    if (what === "keeping a setting") {
      await outcome.evaluate((element) => (element.textContent = ""));
      await page.getByRole("radio", { name: "Rose" }).check();
      await outcome.getByText("This browser keeps no cookies here.").waitFor();
    }
  });
}

test("the demo says it where a token of one's own is tried twice", LIMIT, async (t) => {
  const page = await context.newPage();
  t.after(() => page.close());
  await page.goto(stage.demo.url);
  await page.getByRole("button", { name: "Replay a token" }).click();
  await page.getByRole("alert").getByText(WORDS).waitFor();
});

for (const framework of ["actix", "axum"]) {
  test(`the example on ${framework} says that no cookies are kept`, LIMIT, async (t) => {
    const { url, stop } = await startExample(framework);
    t.after(stop);
    const page = await context.newPage();
    t.after(() => page.close());
    await page.goto(url);
    await page.getByText("Nobody is signed in").waitFor();
    assert.equal(await page.getByRole("alert").count(), 0);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").getByText(WORDS).waitFor();
  });
}
