// The real SDK in Chromium, Firebase's own emulator, and the example of the crate.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { launch, newVisitor } from "../../../client/tests/browser/support/browser.mjs";
import { startApp } from "../browser/support/example.mjs";
import { startEmulator } from "./emulator.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const LIMIT = { timeout: 300_000 };
const PASSWORD = "correct horse";

let emulator;
let browser;
let bundle;
const folder = mkdtempSync(join(tmpdir(), "apply-cookies-firebase-"));

before(async () => {
  bundle = join(folder, "app.js");
  await build({
    entryPoints: [here("../../examples/page/firebase-app.js")],
    bundle: true,
    format: "esm",
    external: ["/auth/*", "/__apply-cookies/*"],
    nodePaths: [here("node_modules")],
    outfile: bundle,
  });
  emulator = await startEmulator();
  browser = await launch();
}, LIMIT);

after(async () => {
  await browser?.close();
  await emulator?.stop();
  rmSync(folder, { recursive: true });
}, LIMIT);

/** The app, and a page of it that has asked nobody but the app and the emulator. */
async function stage(t, env = {}) {
  const app = await startApp("firebase", { BUNDLE: bundle, FIREBASE_AUTH_EMULATOR_HOST: emulator.host, ...env });
  const context = await newVisitor(browser);
  const page = await context.newPage();
  const complaints = [];
  const allowed = [new URL(app.url).host, emulator.host];
  page.on("request", (request) => {
    if (!allowed.includes(new URL(request.url()).host)) complaints.push(request.url());
  });
  page.on("console", (message) => {
    if (/Content Security Policy/.test(message.text())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  t.after(async () => {
    await context.close();
    await app.stop();
    assert.deepEqual(complaints, []);
  });
  const signIn = async (email, button, password = PASSWORD) => {
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: button, exact: true }).click();
  };
  const session = async () => (await context.cookies()).find((cookie) => cookie.name === "signed-in");
  return { app, page, signIn, session };
}

let count = 0;
const address = () => `ada-${(count += 1)}@company.com`;

for (const button of ["Sign in", "Sign in inside a stream"]) {
  test(`"${button}": a password at the emulator becomes an HttpOnly cookie`, LIMIT, async (t) => {
    const { app, page, signIn, session } = await stage(t);
    const email = address();
    await emulator.open({ email, password: PASSWORD, displayName: "Ada" });
    await page.goto(app.url);
    await page.getByText("Nobody is signed in").waitFor();
    let navigations = 0;
    page.on("framenavigated", () => (navigations += 1));
    await signIn(email, button);
    await page.getByText(`Signed in as ${email}`).waitFor();
    if (button.endsWith("stream")) await page.getByText("welcome").waitFor();
    assert.equal(navigations, 0);
    assert.equal((await session()).httpOnly, true);
    assert.equal(await page.evaluate(() => document.cookie), "");
    assert.equal(await page.evaluate(async () => (await fetch("/account")).text()), "Signed in as Ada");
    const me = await page.evaluate(async () => (await fetch("/auth/me")).json());
    assert.deepEqual([me.provider, me.email, me.email_verified], ["firebase", email, false]);

    // Both sessions end.
    assert.equal(await page.evaluate(() => firebaseUser()), email);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("Nobody is signed in").waitFor();
    assert.equal(await session(), undefined);
    assert.equal(await page.evaluate(() => firebaseUser()), null);
  });
}

test("a page that needs a sign-in leads to the app's own page, and back", LIMIT, async (t) => {
  const { app, page, signIn } = await stage(t);
  const email = address();
  await emulator.open({ email, password: PASSWORD });
  await page.goto(new URL("/account", app.url).href);
  assert.equal(new URL(page.url()).search, "?return_to=%2Faccount");
  await signIn(email, "Sign in");
  await page.waitForURL("**/account");
  assert.equal(await page.locator("body").textContent(), `Signed in as ${email}`);
});

test("return_to never leads to another origin", LIMIT, async (t) => {
  for (const place of ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]) {
    const { app, page, signIn } = await stage(t);
    const email = address();
    await emulator.open({ email, password: PASSWORD });
    await page.goto(`${app.url}?return_to=${encodeURIComponent(place)}`);
    await signIn(email, "Sign in");
    await page.waitForURL(app.url);
    await page.getByText(`Signed in as ${email}`).waitFor();
  }
});

test("a wrong password signs nobody in", LIMIT, async (t) => {
  const { app, page, signIn, session } = await stage(t);
  const email = address();
  await emulator.open({ email, password: PASSWORD });
  await page.goto(app.url);
  await signIn(email, "Sign in", "hunter22");
  await page.getByText("auth/").waitFor();
  assert.equal(await session(), undefined);
});

test("an address that is not verified stops at the gate, and passes once it is", LIMIT, async (t) => {
  const { app, page, signIn, session } = await stage(t, { VERIFIED: "1" });
  const email = address();
  const { localId } = await emulator.open({ email, password: PASSWORD });
  await page.goto(app.url);
  await signIn(email, "Sign in");
  await page.getByText("email-not-verified").waitFor();
  assert.equal(await session(), undefined);
  await emulator.change(localId, { emailVerified: true });
  await signIn(email, "Sign in");
  await page.getByText(`Signed in as ${email}`).waitFor();
});

/** What the app answers to an ID token. */
const post = async (app, token, path = "auth/firebase") => {
  const answer = await fetch(app.url + path, {
    method: "POST",
    headers: { Origin: new URL(app.url).origin, "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ id_token: token }).toString(),
  });
  return answer.status === 204 ? 204 : `${answer.status} ${(await answer.json()).type}`;
};

test("tokens that nobody should take", LIMIT, async (t) => {
  const { app } = await stage(t);
  const { idToken, localId } = await emulator.open({ email: address(), password: PASSWORD });
  const [header, claims] = idToken.split(".").map((part) => part && Buffer.from(part, "base64url").toString());
  assert.equal(JSON.parse(header).alg, "none");
  t.diagnostic(`the emulator's claims: ${Object.keys(JSON.parse(claims)).join(", ")}`);
  const change = (change) => {
    const changed = { ...JSON.parse(claims), ...change };
    return `${idToken.split(".")[0]}.${Buffer.from(JSON.stringify(changed)).toString("base64url")}.`;
  };
  const seconds = Math.floor(Date.now() / 1000);
  assert.equal(await post(app, change({})), 204);
  assert.equal(await post(app, change({ sub: "eve", user_id: "eve" })), "401 token-invalid");
  assert.equal(await post(app, change({ aud: "demo-another" })), "401 token-invalid");
  assert.equal(await post(app, change({ auth_time: seconds - 302 })), "401 token-invalid");
  await emulator.change(localId, { disableUser: true });
  assert.equal(await post(app, idToken), "401 token-invalid");
});

test("somebody anonymous is nobody", LIMIT, async (t) => {
  const { app } = await stage(t);
  const { idToken } = await emulator.open({});
  assert.match(Buffer.from(idToken.split(".")[1], "base64url").toString(), /"sign_in_provider":"anonymous"/);
  assert.equal(await post(app, idToken), "401 token-invalid");
});
