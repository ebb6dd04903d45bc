// A real Mesop app under gunicorn with two workers, behind a proxy, in Chromium: alone, and with
// apply-cookies in the place of its endpoint. Call tests/mesop/run.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch } from "../../client/tests/browser/support/browser.mjs";
import { startProxy } from "./proxy.mjs";
import { freePort, lacks, startFront } from "./support/fronts.mjs";
import { answerWhile, captureToken, cookiesOf, newGuest, openPage, press, shows } from "./support/page.mjs";
import { everyPath, post, postAtOnce } from "./support/post.mjs";
import { runProgram, runPython, startApplyCookies, startMesop } from "./support/servers.mjs";

const LIMIT = { timeout: 90_000 };
const TIMES = 20;

const stage = {};
/** What can stand in front of both servers: ours of a few lines, and those that people run. */
const FRONTS = ["proxy", "nginx", "caddy"];

before(async () => {
  const pem = runPython("certificate.py");
  stage.tls = { key: pem, cert: pem };
  stage.browser = await launch();
  stage.mesop = await startMesop({ workers: 2 });
  stage.alone = await startProxy({ port: await freePort(), tls: stage.tls, mesop: stage.mesop.address });
  stage.ports = {};
  for (const name of FRONTS) stage.ports[name] = await freePort();
  const origins = Object.values(stage.ports).map((port) => `https://127.0.0.1:${port}`);
  try {
    stage.service = await startApplyCookies({ origins });
    stage.together = await startProxy(inFront("proxy"));
  } catch (error) {
    // Said by each test that needs the service; the others still tell how Mesop does.
    stage.noService = error;
  }
}, LIMIT);

after(async () => {
  for (const part of [stage.alone, stage.together, stage.service, stage.mesop]) await part?.stop();
  await stage.browser?.close();
}, LIMIT);

/** What a front needs to know. */
const inFront = (name) => ({
  port: stage.ports[name],
  tls: stage.tls,
  mesop: stage.mesop.address,
  applyCookies: stage.service.address,
});

/** The proxy with apply-cookies behind it. */
function together() {
  if (stage.noService) throw stage.noService;
  return stage.together;
}

const attributes = ({ httpOnly, secure, sameSite, path }) => ({ httpOnly, secure, sameSite, path });

/** A visitor's way: in, reload, out, reload. What it meets must not depend on who redeems. */
async function visit(t, { origin }, { byMesop, path = "/" }) {
  const context = await newGuest(stage.browser);
  t.after(() => context.close());
  const page = await openPage(context, origin + path);
  await shows(page, "Nobody is signed in");

  const signedIn = await answerWhile(page, async () => {
    await press(page, "Sign in");
    // Seen while the handler still runs: nothing delays the stream.
    await shows(page, "Progress: Checking");
    assert.equal((await cookiesOf(context, origin)).sign_in, undefined);
  });
  assert.equal(signedIn.status, 204);
  assert.equal(signedIn.headers["cache-control"], "no-store");
  // Mesop puts its policy on whatever it answers.
  assert.equal("content-security-policy" in signedIn.headers, byMesop);
  await shows(page, "Signed in as Ada");

  const cookies = await cookiesOf(context, origin);
  assert.deepEqual(Object.keys(cookies).sort(), ["greeting", "sign_in"]);
  const expected = { httpOnly: true, secure: true, sameSite: "Lax", path: "/" };
  assert.deepEqual(attributes(cookies.sign_in), expected);
  assert.deepEqual(attributes(cookies.greeting), expected);
  const lives = cookies.sign_in.expires - Date.now() / 1000;
  assert.ok(lives > 3500 && lives <= 3601, `${lives} s`);
  assert.equal(cookies.greeting.expires, -1);
  assert.equal(await page.evaluate(() => document.cookie), "");

  await page.reload();
  await shows(page, "Signed in as Ada");
  await shows(page, 'Greeting: Good day, "Ada"; é');

  const signedOut = await answerWhile(page, () => press(page, "Sign out"));
  assert.equal(signedOut.status, 204);
  await shows(page, "Nobody is signed in");
  assert.deepEqual(await cookiesOf(context, origin), {});
  await page.reload();
  await shows(page, "Nobody is signed in");
  return cookies;
}

async function captureTokens(t, proxy, count) {
  const context = await newGuest(stage.browser);
  t.after(() => context.close());
  const tokens = [];
  // A page of its own for each, so that no state of the last one is left.
  for (let at = 0; at < count; at++) tokens.push(await captureToken(await openPage(context, proxy.origin)));
  return tokens;
}

test("Mesop alone: a visitor signs in, stays so, and signs out", LIMIT, async (t) => {
  await visit(t, stage.alone, { byMesop: true });
});

test(`Mesop alone: of a token posted ${TIMES} times, each of its two workers takes one`, LIMIT, async (t) => {
  const redeemed = [];
  for (const token of await captureTokens(t, stage.alone, 3)) {
    const statuses = await postAtOnce(stage.alone.origin, token, TIMES);
    redeemed.push(statuses[204]);
    t.diagnostic(`Mesop with two workers answered ${JSON.stringify(statuses)}`);
  }
  // One worker may have had all of a token's posts, so not each token shows it.
  assert.ok(redeemed.includes(2) && redeemed.every((count) => count <= 2), String(redeemed));
});

test("with apply-cookies: a visitor signs in, stays so, and signs out", LIMIT, async (t) => {
  const cookies = await visit(t, together(), { byMesop: false });

  const decode = (name, protection) => [
    "cookie", "decode", "--profile=mesop", `--name=${name}`, `--protection=${protection}`,
  ];
  const read = (name, protection) =>
    JSON.parse(runProgram(decode(name, protection), cookies[name].value)[0]);
  assert.deepEqual(read("sign_in", "encrypted"), { ok: true, value: { username: "Ada" } });
  assert.deepEqual(read("greeting", "plain"), {
    ok: true,
    value: { text: 'Good day, "Ada"; é', times: 1 },
  });
});

for (const name of ["nginx", "caddy"]) {
  const options = { ...LIMIT, skip: lacks(name) };
  test(`with apply-cookies behind ${name}, as protocol/MESOP.md sets it up: the same`, options, async (t) => {
    together();
    const front = await startFront(name, inFront(name));
    t.after(front.stop);
    assert.deepEqual(await everyPath(front.origin), {
      "GET /client.js": 200,
      "HEAD /client.js": 200,
      "GET /client.js?v=1": 200,
      "POST /bind": 204,
      "POST ": 415,
      "GET ": 405,
    });
    await visit(t, front, { byMesop: false });
  });
}

test("with apply-cookies, and the app under a path: the same", LIMIT, async (t) => {
  const basePath = "/tools";
  const path = `${basePath}/__apply-cookies`;
  const mesop = await startMesop({ workers: 2, basePath });
  t.after(mesop.stop);
  const [port, tls] = [await freePort(), stage.tls];
  const origins = [`https://127.0.0.1:${port}`];
  const service = await startApplyCookies({ origins, basePath });
  t.after(service.stop);
  const proxy = await startProxy({ port, tls, mesop: mesop.address, applyCookies: service.address, path });
  t.after(proxy.stop);
  await visit(t, proxy, { byMesop: false, path: `${basePath}/` });
});

test(`with apply-cookies: of a token posted ${TIMES} times, one is taken`, LIMIT, async (t) => {
  for (const token of await captureTokens(t, together(), 3)) {
    const statuses = await postAtOnce(stage.together.origin, token, TIMES);
    t.diagnostic(`apply-cookies answered ${JSON.stringify(statuses)}`);
    assert.deepEqual(statuses, { 204: 1, 400: TIMES - 1 });
  }
});

test("with apply-cookies: another origin gets nothing, and costs the token nothing", LIMIT, async (t) => {
  const [token] = await captureTokens(t, together(), 1);
  const stranger = await post(stage.together.origin, token, { claims: "https://elsewhere.example" });
  assert.deepEqual(stranger, { status: 403, setCookie: [] });
  assert.equal((await post(stage.together.origin, token)).status, 204);
});

test("both write the same Set-Cookie lines for one token", LIMIT, async (t) => {
  const [token] = await captureTokens(t, together(), 1);
  // Expires is counted from the moment of redeeming.
  const lines = ({ setCookie }) => setCookie.map((line) => line.replace(/Expires=[^;]*/, "Expires=…"));
  const ours = await post(stage.together.origin, token);
  const theirs = await post(stage.alone.origin, token);
  assert.equal(theirs.status, 204);
  assert.equal(lines(theirs).length, 2);
  assert.deepEqual(lines(ours), lines(theirs));
});

test("Mesop's endpoint redeems what `apply-cookies mint` writes", LIMIT, async () => {
  const batch = {
    operations: [
      { op: "set", name: "session", value: "8f14e45f", max_age: 60 },
      { op: "delete", name: "old" },
    ],
  };
  const [token] = runProgram(["mint", "--profile=mesop"], JSON.stringify(batch));
  const { status, setCookie } = await post(stage.alone.origin, token);
  assert.equal(status, 204);
  assert.equal(setCookie.length, 2);
  assert.match(
    setCookie[0],
    /^session=8f14e45f; Expires=[^;]+; Max-Age=60; Secure; HttpOnly; Path=\/; SameSite=Lax$/,
  );
  assert.match(setCookie[1], /^old=; Expires=[^;]+; Max-Age=0; Secure; (HttpOnly; )?Path=\/; SameSite=Lax$/);
});

for (const [name, proxy] of [["Mesop alone", () => stage.alone], ["with apply-cookies", together]]) {
  test(`${name}: the lines of Python in protocol/MESOP.md mint what the endpoint takes`, LIMIT, async () => {
    const { status, setCookie } = await post(proxy().origin, runPython("snippet.py").trimEnd());
    assert.equal(status, 204);
    assert.deepEqual(setCookie, ["session=8f14e45f; Secure; HttpOnly; Path=/; SameSite=Lax"]);
  });
}
