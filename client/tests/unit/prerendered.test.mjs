// A page that was prerendered, from the moment when somebody sees it.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { done, open, openDocument, refusal, serve, serveByHand, setLocks, settled, Storage } from "./page.mjs";

const KEY = "apply-cookies/__apply-cookies";
const LEFT = `[["left",null,"of the page before",${Date.now() + 50_000}]]`;

const tokens = (posts) => posts.map(({ token }) => token);
const stored = () => JSON.parse(sessionStorage[KEY]).map(([token]) => token);

/** The page before this one has the lock; what this returns gives it up. */
function lockHeld() {
  let release;
  const held = new Promise((resolve) => (release = resolve));
  let last = held;
  setLocks({ request: (_, act) => (last = last.then(() => act())) });
  return release;
}

const prerender = async () => {
  const seen = openDocument({ prerendering: true });
  return { ...(await open()), seen };
};

beforeEach(() => {
  globalThis.sessionStorage = new Storage();
});
afterEach(() => setLocks(undefined));

test("it goes on with what the page before it has left, though that is stored after it is seen", async () => {
  const posts = serve();
  const { applyCookies } = await prerender();
  const release = lockHeld();
  const own = applyCookies("own");
  show();
  await settled();
  sessionStorage[KEY] = LEFT;
  await settled();
  assert.deepEqual(tokens(posts), []);
  release();
  await own;
  assert.deepEqual(tokens(posts), ["left", "own"]);
});

// Chromium reads a tab's storage once for a document, and does not see what another process writes.
test("it does not read what is left before the page before it has given up the lock", async () => {
  serve();
  let reads = 0;
  const { getItem } = sessionStorage;
  Storage.prototype.getItem = function (name) {
    reads += name === KEY;
    return getItem.call(this, name);
  };
  const { applyCookies } = await prerender();
  const release = lockHeld();
  const own = applyCookies("own");
  show();
  comeBack();
  await settled();
  Storage.prototype.getItem = getItem;
  assert.equal(reads, 0);
  release();
  await own;
});

test("what it leaves itself is in the same order", async () => {
  const { posts } = serveByHand();
  const { applyCookies } = await prerender();
  applyCookies("own");
  sessionStorage[KEY] = LEFT;
  show();
  await settled();
  applyCookies("later");
  leave();
  assert.deepEqual(tokens(posts), ["left", "own", "later"]);
  assert.deepEqual(stored(), ["left", "own", "later"]);
});

test("left again before it has the lock, it posts and keeps its own, and what it finds", async () => {
  const posts = serve(() => refusal(503, "unavailable"));
  const { applyCookies } = await prerender();
  lockHeld();
  applyCookies("own").catch(() => {});
  show();
  sessionStorage[KEY] = LEFT;
  leave();
  assert.deepEqual(tokens(posts), ["own"]);
  assert.deepEqual(stored().toSorted(), ["left", "own"]);
});

test("discarded, it posts nothing and leaves alone what is stored", async () => {
  const posts = serve();
  const { applyCookies } = await prerender();
  applyCookies("own");
  sessionStorage[KEY] = LEFT;
  leave();
  comeBack();
  await settled();
  assert.deepEqual(tokens(posts), []);
  assert.equal(sessionStorage[KEY], LEFT);
});

test("what it keeps of a flood that nobody saw is bounded, and honest tokens around it are applied", async () => {
  const posts = serve(({ token }) => (token.startsWith("honest") ? done() : refusal(400, "invalid")));
  const { applyCookies, seen } = await prerender();
  const before = applyCookies("honest before");
  const forged = Promise.allSettled(Array.from({ length: 1000 }, (_, n) => applyCookies(`junk ${n}`)));
  const behind = applyCookies("honest behind");
  await settled();
  assert.deepEqual(seen.map(({ detail }) => detail.type), Array(602).fill("too-many"));
  show();
  await before;
  await behind;
  await forged;
  assert.equal(posts.length, 400);
});

test("its binding does not wait until no tab has a token on its way", async () => {
  const posts = serve();
  const { ready } = await prerender();
  setLocks({ request: (name, act) => (name.endsWith("-bind") ? act() : new Promise(() => {})) });
  const bound = ready();
  await settled();
  assert.deepEqual(posts.length, 0);
  show();
  await bound;
  assert.equal(posts.length, 1);
});
