// The demo's page of sign-ins, as people use it. With SCREENSHOTS set, pictures go to that folder.

import assert from "node:assert/strict";
import { test } from "node:test";

import { newVisitor } from "../../../client/tests/browser/support/browser.mjs";
import { cookiesOf } from "../../../client/tests/browser/support/demo-page.mjs";
import { LIMIT, setStage } from "../../../client/tests/browser/support/stage.mjs";

const stage = setStage();
const DIALS = { colorScheme: process.env.SCHEME, viewport: { width: Number(process.env.WIDTH ?? 1280), height: 900 } };

async function openDemo(t) {
  const url = stage.demo.url;
  const context = await newVisitor(stage.browser, DIALS);
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(`${url}sign-in`);
  await nobody(page);
  return { url, context, page };
}

/** What a page says of who is signed in. */
const known = (page, text) => page.locator("#who").getByText(text, { exact: true }).waitFor();
const nobody = (page) => known(page, "Nobody is signed in");

const look = async (page, name) => {
  const folder = process.env.SCREENSHOTS;
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true, animations: "disabled" });
};

const press = (page, name) => page.getByRole("button", { name, exact: true }).click();

async function signInAs(page, account) {
  await page.locator(`[data-account=${account}]`).click();
  await press(page, "Sign in");
  await page.getByText(/^Signed in after/).waitFor();
}

/** Asks for the two pages in the card, and says what the answers are. */
async function askForBoth(page) {
  const answers = [];
  for (const name of ["notes", "ledger"]) {
    await press(page, `Ask for the ${name}`);
    answers.push(await page.locator(`output[for=${name}] .pill`).textContent());
  }
  return answers;
}

test("a password inside the stream opens the pages, each for those who may", LIMIT, async (t) => {
  const { url, context, page } = await openDemo(t);
  let navigations = 0;
  page.on("framenavigated", (frame) => (navigations += frame === page.mainFrame()));
  await look(page, "1-nobody");
  assert.deepEqual(await askForBoth(page), ["401 signed-out", "401 signed-out"]);

  await signInAs(page, "grace");
  await known(page, "Signed in as Grace Hopper");
  await known(page.frameLocator("iframe"), "Signed in as Grace Hopper");
  const session = (await cookiesOf(context, url))["signed-in"];
  assert.equal(session.httpOnly, true);
  assert.equal(await page.evaluate(() => document.cookie), "");
  assert.deepEqual(await askForBoth(page), ["200 opened", "403 role-missing"]);
  await look(page, "2-grace");

  await signInAs(page, "ada");
  await known(page, "Signed in as Ada Lovelace");
  assert.deepEqual(await askForBoth(page), ["200 opened", "200 opened"]);
  assert.notEqual((await cookiesOf(context, url))["signed-in"].value, session.value);
  assert.equal(navigations, 0);

  await page.locator("#ledger-about a").click();
  await page.getByRole("heading", { name: "Ledger" }).waitFor();
  await page.getByText("You are Ada Lovelace.").waitFor();
  await look(page, "3-ledger");
});

test("a page that needs the sign-in leads to one without a script, and back", LIMIT, async (t) => {
  const { url, context, page } = await openDemo(t);
  const other = await context.newPage();
  await other.goto(`${url}sign-in/notes`);
  await look(other, "4-without-a-script");
  await other.getByLabel("Name").fill("grace");
  await other.getByLabel("Password").fill("nanoseconds of wire");
  await press(other, "Sign in");
  await other.getByText("You are Grace Hopper.").waitFor();
  assert.equal(other.url(), `${url}sign-in/notes`);
  await other.goto(`${url}sign-in/ledger`);
  await other.getByText("role-missing").waitFor();
  await look(other, "5-role-missing");

  // Whoever comes back to the demo sees it.
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await known(page, "Signed in as Grace Hopper");
});

test("a sign-out ends the other window, which says who did it", LIMIT, async (t) => {
  const { url, context, page } = await openDemo(t);
  const second = await context.newPage();
  await second.goto(`${url}sign-in/window`);
  await nobody(second);
  await signInAs(page, "grace");
  await known(second, "Signed in as Grace Hopper");
  await look(second, "6-second-window");

  const stranger = await newVisitor(stage.browser);
  t.after(() => stranger.close());
  const elsewhere = await stranger.newPage();
  await elsewhere.goto(`${url}sign-in`);
  await signInAs(elsewhere, "grace");

  await press(page, "Sign out");
  await page.getByText(/^Signed out after/).waitFor();
  await page.getByText("the session is over, in every window").waitFor();
  await nobody(page);
  for (const window of [second, page.frameLocator("iframe")]) {
    await nobody(window);
    await window.getByText("Signed out by another window").waitFor();
  }
  await look(page, "7-signed-out");
  await look(second, "8-second-window-signed-out");
  assert.equal((await cookiesOf(context, url))["signed-in"], undefined);
  assert.deepEqual(await askForBoth(page), ["401 signed-out", "401 signed-out"]);
  // Another browser of the same person is not touched.
  assert.deepEqual(await askForBoth(elsewhere), ["200 opened", "403 role-missing"]);
});

test("a wrong password says so, and then how long to wait", LIMIT, async (t) => {
  const { url, context, page } = await openDemo(t);
  // No account of the other tests: they share this machine's address.
  await page.getByLabel("Name").fill("somebody");
  await page.getByLabel("Password").fill("a guess");
  const said = page.locator("#password .outcome");
  const outcomes = [];
  for (let tries = 0; tries < 12 && !/^There were/.test(outcomes.at(-1)); tries += 1) {
    await press(page, "Sign in");
    await said.getByText(/^The name or|^There were/).waitFor();
    outcomes.push(await said.textContent());
    if (tries === 0) await look(page, "9-wrong");
  }
  assert.deepEqual(new Set(outcomes.slice(0, 5)), new Set(["The name or the password is wrong."]));
  assert.match(outcomes.at(-1), /^There were too many attempts. Try again in \d+ seconds?\.$/);
  await look(page, "10-throttled");
  await nobody(page);
  assert.equal((await cookiesOf(context, url))["signed-in"], undefined);
});
