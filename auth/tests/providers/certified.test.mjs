// The certified provider and the example, in Chromium.

import assert from "node:assert/strict";
import { test } from "node:test";

import { launch, newVisitor } from "../../../client/tests/browser/support/browser.mjs";
import { startFaultProxy } from "../../../client/tests/support/fault-proxy.mjs";
import { startCertified } from "./certified/provider.mjs";
import { freePort } from "./support/program.mjs";
import { ours } from "./targets/ours.mjs";

const LIMIT = { timeout: 120_000 };
const TABS = 20;
const LONG = process.env.LONG === "1";
// Of each way on each framework: 1,000 in all when LONG.
const POPUPS = Number(process.env.POPUPS ?? (LONG ? 250 : 10));
// Not `truncate`: over plain http Chromium takes half of a head for a whole one.
const LOST = ["lose", "reset"];
const heading = (page) => page.locator("h1").first().innerText();
const code = (page) => page.locator("dd code").first().innerText();

let shots = 0;
/** With SCREENSHOTS, a picture for people to look at. */
async function shoot(page, name) {
  const folder = process.env.SCREENSHOTS;
  if (folder) await page.screenshot({ path: `${folder}/${(shots += 1)}-${name}.png` });
}

for (const framework of LONG ? ["axum", "actix"] : ["axum"]) {
  async function stage(t, { env, provider: settings, proxy, ...needs } = {}) {
    const port = await freePort();
    const origin = `http://localhost:${proxy ? new URL(proxy.url).port : port}`;
    if (proxy) proxy.port = port;
    const provider = await startCertified({
      redirectUris: [`${origin}/auth/callback/one`],
      postLogout: [`${origin}/auth/sign-out`],
      backchannel: `${origin}/auth/back-channel/one`,
      ...settings,
    });
    t.after(() => provider.stop());
    const app = await ours(framework).start({ one: provider }, { port, env: { ORIGIN: origin, ...env }, ...needs });
    t.after(() => app.stop());
    const browser = await launch();
    t.after(() => browser.close());
    const context = await newVisitor(browser);
    return { app, browser, provider, context, origin, page: await context.newPage() };
  }
  const signedIn = async (page, origin) => {
    await page.waitForURL(`${origin}/account`);
    assert.equal(await page.locator("body").innerText(), "Signed in as alice");
  };

  test(`a person signs in from the page, and out again there and at the provider, ${framework}`, LIMIT, async (t) => {
    const { page, origin, provider } = await stage(t, { env: { PASSWORDS: "1" } });
    await page.goto(`${origin}/account`);
    assert.equal(await heading(page), "Sign in");
    await shoot(page, "sign-in");
    await page.getByRole("link", { name: /Provider One/ }).click();
    await signedIn(page, origin);
    assert.equal(provider.exchanges, 1);
    const cookies = (await page.context().cookies(origin)).filter(({ name }) => /attempt|^sign-in/.test(name));
    assert.deepEqual(cookies, [], "the attempt leaves a cookie");

    await page.goto(`${origin}/auth/sign-out`);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL(`${provider.issuer}/session/end**`);
    await page.getByRole("button").click();
    await page.waitForURL(`${origin}/**`);
    assert.equal(await heading(page), "You are signed out");
    await shoot(page, "signed-out");
    await page.goto(`${origin}/`);
    assert.equal(await heading(page), "Nobody is signed in");
    // The provider's session is over too: it asks who is there.
    const before = provider.sessions;
    await page.goto(`${origin}/auth/sign-in/one`);
    await page.waitForURL(`${origin}/`);
    assert.equal(await heading(page), "Signed in as alice");
    assert.ok(provider.sessions > before);
  });

  test(`the only provider is gone to at once, and asked at UserInfo, ${framework}`, LIMIT, async (t) => {
    const { page, origin } = await stage(t, { userInfo: true });
    await page.goto(`${origin}/account`);
    await signedIn(page, origin);
  });

  test(`${TABS} tabs at once: each is signed in, ${framework}`, LIMIT, async (t) => {
    const { context, origin, provider } = await stage(t);
    const pages = await Promise.all(Array.from({ length: TABS }, () => context.newPage()));
    await Promise.all(pages.map((page) => page.goto(`${origin}/account`)));
    for (const page of pages) await signedIn(page, origin);
    const left = (await context.cookies(origin)).filter(({ name }) => name.startsWith("sign-in-"));
    t.diagnostic(`${TABS} of ${TABS}, with ${provider.exchanges} exchanges; attempts' cookies left: ${left.length}`);
  });

  test(`back, reload and a restored tab end nowhere, ${framework}`, LIMIT, async (t) => {
    const { page, context, origin } = await stage(t);
    let callback;
    context.on("request", (request) => {
      if (request.url().startsWith(`${origin}/auth/callback/`)) callback = request.url();
    });
    await page.goto(`${origin}/`);
    await page.goto(`${origin}/account`);
    await signedIn(page, origin);
    await page.reload();
    await signedIn(page, origin);
    await page.goBack();
    await page.goForward();
    await signedIn(page, origin);
    const restored = await context.newPage();
    await restored.goto(callback);
    await signedIn(restored, origin);

    await page.goto(`${origin}/auth/sign-out`);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL(/session\/end/);
    // The person leaves here: the provider's session lives on, this app's is over.
    await restored.goto(callback);
    await shoot(restored, "restored-after-sign-out");
    assert.equal(await code(restored), "attempt-missing");
    await restored.goto(`${origin}/`);
    assert.equal(await heading(restored), "Nobody is signed in");
    await page.goto(`${origin}/account`);
    assert.notEqual(await heading(page).catch(() => "none"), "none", "a page to go on from");
    await shoot(page, "after-sign-out");
  });

  test(`a sign-out at the provider ends an open stream here, ${framework}`, LIMIT, async (t) => {
    const { page, context, origin, provider } = await stage(t);
    await page.goto(`${origin}/account`);
    await signedIn(page, origin);
    await page.goto(`${origin}/`);
    await page.evaluate(() => {
      globalThis.heard = [];
      new EventSource("/stream").onmessage = ({ data }) => globalThis.heard.push(data);
    });
    await page.waitForFunction(() => globalThis.heard.includes("open"));
    const there = await context.newPage();
    await there.goto(`${provider.issuer}/session/end`);
    await there.getByRole("button").click();
    await there.waitForURL(/session\/end\/success/);
    assert.equal(provider.backchannelError, undefined);
    await page.waitForFunction(() => globalThis.heard.includes("ended"));
    assert.deepEqual(provider.loggedOut, ["alice"]);
    assert.equal(provider.backchannelError, undefined);
    await page.reload();
    assert.equal(await heading(page), "Nobody is signed in");
  });

  const openPopup = async (page) => {
    const [popup] = await Promise.all([page.context().waitForEvent("page"), page.getByRole("button", { name: "Sign in" }).click()]);
    return popup;
  };
  const closed = (popup) => popup.isClosed() || popup.waitForEvent("close");

  for (const [way, query] of [["a stream", ""], ["a WebSocket", "?socket"]]) {
    test(`${way} signs a person in with a popup, and the page stays, ${framework}`, LIMIT, async (t) => {
      const { page, context, origin } = await stage(t);
      await page.goto(`${origin}/popup${query}`);
      await page.evaluate(() => (globalThis.unsaved = "work"));
      const popup = await openPopup(page);
      await page.getByText("welcome alice").waitFor();
      await closed(popup);
      assert.equal(await page.evaluate(() => globalThis.unsaved), "work");
      const [session] = (await context.cookies(origin)).filter(({ name }) => name === "signed-in");
      assert.ok(session.httpOnly);
      await page.goto(`${origin}/account`);
      await signedIn(page, origin);
    });

    test(`who says no in the popup of ${way} tries again in it, and the page hears of it, ${framework}`, LIMIT, async (t) => {
      for (const link of ["Try again", "Use another account"]) {
        const { page, origin, provider } = await stage(t);
        await page.goto(`${origin}/popup${query}`);
        await page.evaluate(() => (globalThis.unsaved = "work"));
        provider.answer = { error: "access_denied" };
        const popup = await openPopup(page);
        await page.getByText("cancelled").waitFor();
        assert.equal(await code(popup), "cancelled");
        provider.answer = undefined;
        await popup.getByRole("link", { name: link }).click();
        await page.getByText("cancelled welcome alice").waitFor();
        await closed(popup);
        assert.equal(await page.evaluate(() => globalThis.unsaved), "work");
      }
    });

    test(`${POPUPS} popups of ${way}, every fifth answer lost: each is signed in, ${framework}`, { timeout: 60_000 + 6_000 * POPUPS }, async (t) => {
      const answers = { "sign-in": 0, callback: 0 };
      const everyFifth = ({ path }) => {
        const [, step] = /^\/auth\/(sign-in|callback)\//.exec(path) ?? [];
        return step !== undefined && ++answers[step] % 5 === 0;
      };
      const proxy = await startFaultProxy({ seed: 1, rules: [{ on: "answer", fault: LOST, share: 1, when: everyFifth }] });
      t.after(() => proxy.stop());
      const { context, page, origin, provider } = await stage(t, { proxy });
      let reloads = 0;
      for (let one = 0; one < POPUPS; one += 1) {
        provider.account = `person-${one}`;
        await context.clearCookies();
        await page.goto(`${origin}/popup${query}`);
        const popup = await openPopup(page);
        // Chromium asks again by itself, unless the connection was new: then the person reloads.
        popup.on("requestfailed", (request) => {
          if (!request.isNavigationRequest()) return;
          reloads += 1;
          popup.reload().catch(() => {});
        });
        await closed(popup);
        await page.getByText(`welcome ${provider.account}`).first().waitFor();
        const account = await context.request.get(`${origin}/account`);
        assert.equal(await account.text(), `Signed in as ${provider.account}`);
      }
      const lost = LOST.reduce((sum, fault) => sum + (proxy.counts[`answer ${fault}`] ?? 0), 0);
      t.diagnostic(`${POPUPS} of ${POPUPS} signed in; ${JSON.stringify(answers)}, of which ${lost} were lost; reloaded ${reloads} times`);
      assert.ok(lost >= 2 * Math.floor(POPUPS / 5), `${lost}`);
    });
  }

  test(`a page without the button of a provider says so in the console, ${framework}`, LIMIT, async (t) => {
    const { page, origin } = await stage(t);
    await page.goto(`${origin}/popup`);
    const [warning] = await Promise.all([
      page.waitForEvent("console", (said) => said.type() === "warning"),
      page.evaluate(async () => {
        const { popupSignIn } = await import("/auth/sign-in.js");
        for (const provider of ["one", "two"]) popupSignIn(JSON.stringify({ id: provider, provider, url: "/" }));
      }),
    ]);
    assert.equal(warning.text(), 'sign-in.js: there is no <button data-sign-in="two">');
  });

  test(`who says no at the provider reads so, ${framework}`, LIMIT, async (t) => {
    const { page, origin, provider } = await stage(t, { env: { PASSWORDS: "1" } });
    provider.answer = { error: "access_denied", error_description: "Alice has <b>said no</b>" };
    await page.goto(`${origin}/auth/sign-in/one`);
    assert.equal(await code(page), "cancelled");
    assert.match(await page.locator("main").innerText(), /Alice has <b>said no<\/b>/);
    await shoot(page, "refused");
  });
}
