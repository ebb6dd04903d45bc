// People sign in by name and password inside a stream or a socket, over a network that loses every
// fifth answer of the endpoint, after the server has done its work. Nobody is lost, and no page is left.
//
// SIGN_INS sets how many sign in by each of the two ways.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, newVisitor } from "../../../client/tests/browser/support/browser.mjs";
import { cookiesOf } from "../../../client/tests/browser/support/demo-page.mjs";
import { startFaultProxy } from "../../../client/tests/support/fault-proxy.mjs";

import { startApp } from "./support/example.mjs";

const SIGN_INS = Number(process.env.SIGN_INS ?? 20);
// Not `truncate`: over plain http Chromium takes half of a head for a whole one.
const LOST = ["lose", "reset"];
/** Browsers that sign in at the same time. */
const BROWSERS = 4;
const LIMIT = { timeout: 60_000 + SIGN_INS * 2_000 };

let browser;
before(async () => (browser = await launch()), LIMIT);
after(() => browser?.close(), LIMIT);

/**
 * Each app takes its part of the sign-ins of its way. `released` are the lines by which a handler says
 * that its receipt is `Released`: to the page itself, or to everybody in the room.
 */
const APPS = [
  { app: "sign-ins-actix", way: "server-sent events", part: 0.5, released: "#log li:text-is('welcome')" },
  { app: "sign-ins-axum", way: "server-sent events", part: 0.5, released: "#log li:text-is('welcome')" },
  { app: "chat", way: "a WebSocket", part: 1, released: "#lines li:text-is('ada has come in')", room: true },
];

/** An app behind a proxy that loses every fifth answer to a token. */
async function stage(t, name) {
  const app = await startApp(name);
  t.after(app.stop);
  let answers = 0;
  const everyFifth = ({ path }) => path === "/__apply-cookies" && ++answers % 5 === 0;
  const rules = [{ on: "answer", fault: LOST, share: 1, when: everyFifth }];
  const proxy = await startFaultProxy({ seed: 1, rules, port: app.port });
  t.after(proxy.stop);
  return proxy;
}

async function open(t, url) {
  const context = await newVisitor(browser);
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(url);
  await page.getByText("Nobody is signed in").waitFor();
  return page;
}

/** Signs in once, on a page where nobody is signed in; returns the cookie. */
async function signIn(page, url) {
  const context = page.context();
  assert.equal((await cookiesOf(context, url))["signed-in"], undefined);
  await page.getByLabel("Password").fill("correct horse");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Signed in as ada").waitFor();
  const cookie = (await cookiesOf(context, url))["signed-in"];
  assert.equal(cookie.httpOnly, true);
  assert.equal(await page.evaluate(() => document.cookie), "");
  return cookie.value;
}

/** The page goes on, and the browser has lost its session. */
async function forget(page) {
  await page.context().clearCookies({ name: "signed-in" });
  await page.evaluate(() => document.dispatchEvent(new Event("apply-cookies:elsewhere")));
  await page.getByText("Nobody is signed in").waitFor();
}

for (const { app, way, part, released, room } of APPS) {
  const count = Math.ceil(SIGN_INS * part);
  test(`${count} sign-ins over ${way} with ${app}, every fifth answer lost`, LIMIT, async (t) => {
    const proxy = await stage(t, app);
    const cookies = new Set();
    let left = count;
    let receipts = 0;
    const reader = room && (await open(t, proxy.url));
    const visit = async () => {
      const page = await open(t, proxy.url);
      let navigations = 0;
      page.on("framenavigated", () => navigations++);
      await page.evaluate(() => (globalThis.stayed = true));
      for (let own = 1; left > 0; own += 1) {
        left -= 1;
        cookies.add(await signIn(page, proxy.url));
        if (!room) await page.locator(released).nth(own - 1).waitFor();
        await forget(page);
      }
      const own = await page.locator(released).count();
      if (!room) receipts += own;
      assert.equal(await page.evaluate(() => globalThis.stayed), true);
      assert.equal(navigations, 0);
    };
    await Promise.all(Array.from({ length: BROWSERS }, visit));
    if (room) {
      await reader.locator(released).nth(count - 1).waitFor();
      receipts = await reader.locator(released).count();
    }

    const lost = LOST.reduce((sum, fault) => sum + (proxy.counts[`answer ${fault}`] ?? 0), 0);
    t.diagnostic(`${cookies.size} of ${count} signed in, ${receipts} receipts released; ${lost} answers were lost`);
    assert.deepEqual([cookies.size, receipts], [count, count]);
    assert.ok(lost >= Math.floor(count / 5), `${lost}`);
  });
}
