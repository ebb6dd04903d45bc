// As in production: https and HTTP/2 from the browser to the app itself, where a request has no `Host`
// and cookies have their prefix.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";

import { launch, newVisitor } from "../../../client/tests/browser/support/browser.mjs";
import { cookiesOf } from "../../../client/tests/browser/support/demo-page.mjs";
import { startTlsProxy } from "../../../client/tests/support/tls-proxy.mjs";

import { startApp } from "./support/example.mjs";

const LIMIT = { timeout: 60_000 };

async function stage(t, name = "sign-ins-axum") {
  const proxy = await startTlsProxy({ protocols: ["h2"] });
  t.after(proxy.stop);
  const secret = randomBytes(32).toString("base64url");
  const app = await startApp(name, { APPLY_COOKIES_SECRET_KEY: secret, ORIGIN: proxy.origin });
  t.after(app.stop);
  proxy.port = app.port;
  const browser = await launch();
  t.after(() => browser.close());
  const context = await newVisitor(browser, { ignoreHTTPSErrors: true });
  const page = await context.newPage();
  // Of everything that the page loads, as the browser says.
  const protocols = async () => {
    const entries = () => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    return new Set((await page.evaluate(`(${entries})()`)).map(({ nextHopProtocol }) => nextHopProtocol));
  };
  return { origin: proxy.origin, context, page, protocols };
}

/** What the browser has of a sign-in. */
async function session(context, page, origin) {
  const { "__Host-signed-in": cookie } = await cookiesOf(context, origin);
  assert.equal(await page.evaluate(() => document.cookie), "");
  if (!cookie) return undefined;
  const { httpOnly, secure, sameSite, path, domain } = cookie;
  return { httpOnly, secure, sameSite, path, domain };
}

const SESSION = { httpOnly: true, secure: true, sameSite: "Lax", path: "/", domain: "localhost" };

test("a protected page leads to the sign-in and back, and the page signs out", LIMIT, async (t) => {
  const { origin, context, page, protocols } = await stage(t);
  await page.goto(`${origin}/reports?year=2026`);
  assert.equal(page.url(), `${origin}/auth/sign-in?return_to=%2Freports%3Fyear%3D2026`);
  await page.getByLabel("Name").fill("ada");
  await page.getByLabel("Password").fill("not it");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("wrong-password").waitFor();
  assert.equal(await session(context, page, origin), undefined);
  await page.getByLabel("Password").fill("correct horse");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Reports for ada").waitFor();
  assert.equal(page.url(), `${origin}/reports?year=2026`);
  assert.deepEqual(await session(context, page, origin), SESSION);
  assert.deepEqual(await protocols(), new Set(["h2"]));

  await page.goto(`${origin}/auth/sign-out`);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "signed out" }).waitFor();
  assert.equal(await session(context, page, origin), undefined);
  await page.goto(`${origin}/account`);
  assert.match(page.url(), /\/auth\/sign-in\?/);
});

test("a sign-in inside a stream", LIMIT, async (t) => {
  const { origin, context, page, protocols } = await stage(t);
  await page.goto(origin);
  await page.getByText("Nobody is signed in").waitFor();
  await page.getByLabel("Password").fill("correct horse");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Signed in as ada").waitFor();
  await page.getByText("welcome").waitFor();
  assert.deepEqual(await session(context, page, origin), SESSION);
  const names = (await context.cookies(origin)).map(({ name }) => name).sort();
  assert.deepEqual(names, ["__Host-apply-cookies", "__Host-device", "__Host-signed-in"]);
  assert.deepEqual(await protocols(), new Set(["h2"]));
  await page.goto(`${origin}/account`);
  await page.getByText("Signed in as ada").waitFor();
});

// Over HTTP/2 it begins with CONNECT (RFC 8441).
test("a sign-in inside a socket, which is over with the session", LIMIT, async (t) => {
  const { origin, context, page, protocols } = await stage(t, "chat");
  await page.goto(origin);
  await page.getByText("Nobody is signed in").waitFor();
  await page.getByLabel("Password").fill("correct horse");
  await page.getByRole("button", { name: "Sign in to write" }).click();
  await page.getByText("ada has come in").waitFor();
  await page.getByLabel("Message").fill("hello");
  await page.getByRole("button", { name: "Say it" }).click();
  await page.getByText("ada: hello").waitFor();
  assert.deepEqual(await session(context, page, origin), SESSION);

  const other = await context.newPage();
  await other.goto(origin);
  await other.getByText("Signed in as ada").waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  for (const tab of [page, other]) await tab.getByText("Nobody is signed in").waitFor();
  await page.waitForFunction(async () => (await fetch("/auth/me")).status === 401);
  assert.deepEqual(await protocols(), new Set(["h2"]));
});
