// What the server asks for after a token: `Apply-Cookies-Then` of the answer.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { done, open, openDocument, serve, serveByHand, settled, Storage } from "./page.mjs";

const withThen = (then) => new Response(null, { status: 204, headers: { "apply-cookies-then": then } });

beforeEach(() => {
  globalThis.sessionStorage = new Storage();
});

const stepsAfter = async (then, prepare = () => {}) => {
  const seen = openDocument();
  prepare();
  serve(() => withThen(then));
  const { applyCookies } = await open();
  await applyCookies("a");
  assert.deepEqual(seen.splice(0, 2).map(({ step }) => step), ["posted", "applied"]);
  return seen;
};

const told = (action, path) => ({ step: "then", detail: { action, path } });

test("reload: the page gets the event and reloads", async () => {
  assert.deepEqual(await stepsAfter("reload"), [told("reload"), { step: "reload" }]);
});

test("go: the page hears where to, and goes there", async () => {
  assert.deepEqual(await stepsAfter("go /account?new=1#top"), [
    told("go", "/account?new=1#top"),
    { step: "assign", to: "https://app.example/account?new=1#top" },
  ]);
});

test("reconnect: the page gets the event; a token by hand has no stream to reopen", async () => {
  assert.deepEqual(await stepsAfter("reconnect"), [told("reconnect")]);
});

for (const then of ["reload", "go /account"]) {
  test(`${then}: the page can prevent it`, async () => {
    const seen = await stepsAfter(then, () =>
      document.addEventListener("apply-cookies:then", (event) => event.preventDefault()),
    );
    assert.deepEqual(seen.map(({ step }) => step), ["then"]);
  });
}

for (const path of [
  "//evil.example/",
  "/\\evil.example/",
  "/\t/evil.example/",
  "https://evil.example/",
  "https://app.example.evil.example/",
  "https://app.example@evil.example/",
  "http://app.example/",
  "https://me@app.example/",
  "javascript:alert(1)",
  "data:text/html,x",
  "blob:https://app.example/4b2f6ad6-9d0c-4a1a-8d45-7f3f2c1c8a57",
  "https://[",
]) {
  test(`go: ${JSON.stringify(path)} is not of this origin, and there is not even an event`, async () => {
    assert.deepEqual(await stepsAfter(`go ${path}`), []);
  });
}

test("an answer without the header asks for nothing", async () => {
  const seen = openDocument();
  serve(done);
  const { applyCookies } = await open();
  await applyCookies("a");
  assert.deepEqual(seen.map(({ step }) => step), ["posted", "applied"]);
});

test("a frame asks for nothing, whatever it says", async () => {
  const seen = openDocument();
  serve(done);
  const { listen } = await open();
  const stream = new EventTarget();
  listen(stream);
  const data = JSON.stringify({ token: "a", then: "reload", "apply-cookies-then": "reload" });
  stream.dispatchEvent(new MessageEvent("apply-cookies", { data }));
  await settled();
  assert.deepEqual(seen.map(({ step }) => step), ["posted", "applied"]);
});

test("a token resumed from the previous page asks for nothing: the visitor has moved on", async () => {
  openDocument();
  const first = await open();
  serveByHand();
  first.applyCookies("a");
  leave();
  const seen = openDocument();
  serve(() => withThen("go /account"));
  await open();
  await settled();
  assert.deepEqual(seen.map(({ step }) => step), ["posted", "applied"]);
});

test("an impossible action does not make the token fail", async () => {
  openDocument();
  delete globalThis.location;
  serve(() => withThen("reload"));
  const { applyCookies } = await open();
  await applyCookies("a");
});
