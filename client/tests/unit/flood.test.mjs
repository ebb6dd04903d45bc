// A stream that brings what are not tokens, or far too many: it must not hold up its page.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { done, open, openDocument, refusal, serve, serveByHand, settled, stopClock, Storage } from "./page.mjs";

const junk = (n) => `e1.${"junk".repeat(20)}${n}`;
const onlyHonest = ({ token }) => (!token || token.startsWith("honest") ? done() : refusal(400, "invalid"));

for (const number of [201, 400, 401, 1000, 5000]) {
  test(`an honest token before, and one behind, ${number} forged ones are applied`, async () => {
    const posts = serve(onlyHonest);
    const seen = openDocument();
    const { applyCookies } = await open();
    const before = applyCookies("honest before");
    const forged = Array.from({ length: number }, (_, n) => applyCookies(junk(n)));
    const behind = applyCookies("honest behind");
    await before;
    await behind;
    const types = (await Promise.allSettled(forged)).map(({ reason }) => reason.type);
    const dropped = types.filter((type) => type === "too-many").length;
    // Two hundred in line, two hundred that wait, the honest ones among them.
    assert.equal(dropped, Math.max(0, number + 2 - 400));
    assert.equal(types.length - dropped, posts.length - 2);
    assert.equal(seen.filter(({ detail }) => detail?.type === "too-many").length, dropped);
  });
}

test("what a page remembers of a flood is bounded: dropped tokens are forgotten like others", async () => {
  const posts = serve(onlyHonest);
  const { applyCookies } = await open();
  const all = Array.from({ length: 1000 }, (_, n) => applyCookies(junk(n)));
  await Promise.allSettled(all);
  assert.equal(posts.length, 400);
  assert.equal(applyCookies(junk(999)), all[999], "the last one is remembered");
  await assert.rejects(applyCookies(junk(500)), { type: "invalid" });
  assert.equal(posts.length, 401, "one that was dropped is not");
});

const never = {
  "longer than tokens can be": "x".repeat(12_289),
  "2 MB long": "x".repeat(2_000_000),
  "longer once it is encoded": "é".repeat(3000),
  "half a character": "\ud800",
  "half a character at the end": "e1.abc\udc00",
};

for (const [what, token] of Object.entries(never)) {
  test(`what is ${what} is refused at once, without a POST, and holds up nothing`, async () => {
    const posts = serve();
    const seen = openDocument();
    const { applyCookies } = await open();
    const refused = assert.rejects(applyCookies(token), { name: "ApplyCookiesError", status: 0, type: "invalid" });
    await applyCookies("honest");
    await refused;
    assert.deepEqual(posts.map(({ token: posted }) => posted), ["honest"]);
    assert.deepEqual(seen[0], { step: "failed", detail: { status: 0, type: "invalid" } });
  });
}

test("the longest possible token is posted", async () => {
  const posts = serve();
  const { applyCookies } = await open();
  await applyCookies("x".repeat(12_288));
  assert.equal(posts.length, 1);
});

test("a settled token leaves no timer behind", async () => {
  const running = new Set();
  const { setTimeout: set, clearTimeout: clear } = globalThis;
  const start = mock.method(globalThis, "setTimeout", (act, ms) => {
    const timer = set(() => (running.delete(timer), act()), ms);
    running.add(timer);
    return timer;
  });
  const stop = mock.method(globalThis, "clearTimeout", (timer) => (running.delete(timer), clear(timer)));
  const posts = serve(onlyHonest);
  const { applyCookies, ready } = await open();
  await ready();
  await Promise.allSettled(Array.from({ length: 50 }, (_, n) => applyCookies(n % 2 ? junk(n) : `honest ${n}`)));
  await new Promise((resolve) => set(resolve));
  start.mock.restore();
  stop.mock.restore();
  assert.equal(posts.length, 51);
  assert.equal(running.size, 0);
});

test("a frame's type is the word itself, not what turns into it", async () => {
  class Socket extends EventTarget {
    send() {}
  }
  const posts = serve();
  const { listen } = await open();
  const socket = new Socket();
  listen(socket);
  for (const type of [["apply-cookies"], [["apply-cookies"]], { toString: 1 }, null, 1, "apply-cookies "]) {
    socket.dispatchEvent(new MessageEvent("message", { data: JSON.stringify({ type, token: "t" }) }));
  }
  await settled();
  assert.equal(posts.length, 0);
});

for (const end of [1e300, Number.MAX_SAFE_INTEGER, Date.UTC(9999, 0), Date.now() + 86_400_000 * 365, Infinity]) {
  test(`a stored expiry of ${end} is none beyond a token's lifetime, on this page and the next`, async (t) => {
    const go = stopClock(t);
    const seen = openDocument();
    globalThis.sessionStorage = new Storage();
    const key = "apply-cookies/__apply-cookies";
    sessionStorage[key] = `[["a",null,"AAAAAAAAAAAAAAAAAAAAAA",${end === Infinity ? "1e999" : end}]]`;
    serve(() => refusal(503, "unavailable"));
    await open();
    await go(30_000);
    leave();
    const [[, , , kept]] = JSON.parse(sessionStorage[key]);
    assert.equal(kept, Date.now() + 30_000);
    delete sessionStorage[key];
    for (let n = 0; n < 31; n++) await go(1000);
    assert.deepEqual(seen.at(-1), { step: "failed", detail: { status: 0, type: "expired" } });
  });
}
