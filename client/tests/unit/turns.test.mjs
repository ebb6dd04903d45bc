import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { done, open, openDocument, serve, serveByHand, setLocks, settled, stopClock } from "./page.mjs";

afterEach(() => setLocks(undefined));

/** The locks of a browser, for all tabs: first come, first served. */
class Locks {
  #last = new Map();
  asked = [];

  async request(name, act) {
    this.asked.push(name);
    const before = this.#last.get(name);
    let over;
    this.#last.set(name, new Promise((resolve) => (over = resolve)));
    await before;
    try {
      return await act();
    } finally {
      over();
    }
  }
}

const tokens = (posts) => posts.map(({ token }) => token);

test("tabs post one token at a time, in the order in which they came to any of them", async () => {
  setLocks(new Locks());
  const { posts, next } = serveByHand();
  const tabs = [await open(), await open(), await open()];
  const came = ["a", "b", "c", "d", "e"];
  const from = [0, 0, 1, 2, 0];
  came.forEach((token, n) => tabs[from[n]].applyCookies(token));
  for (let n = 1; n <= came.length; n++) {
    await settled();
    assert.deepEqual(tokens(posts), came.slice(0, n));
    await next();
  }
});

test("the lock belongs to the endpoint", async () => {
  const locks = new Locks();
  setLocks(locks);
  serve();
  const { applyCookies, settings } = await open();
  await applyCookies("a");
  settings.endpoint = "/other";
  await applyCookies("b");
  assert.deepEqual(locks.asked, ["apply-cookies/__apply-cookies", "apply-cookies/other"]);
});

test("a token has its turn until its final failure, not until its first", async (t) => {
  const go = stopClock(t);
  setLocks(new Locks());
  const posts = serve(({ token }) =>
    token === "a" && tokens(posts).filter((it) => it === "a").length < 3 ? new Response("", { status: 502 }) : done(),
  );
  const [one, other] = [await open(), await open()];
  one.applyCookies("a");
  other.applyCookies("b");
  for (let n = 0; n < 4; n++) await go(1000);
  assert.deepEqual(tokens(posts), ["a", "a", "a", "b"]);
});

test("a token without an answer lets other tabs go on after ten seconds, and is still retried", async (t) => {
  const go = stopClock(t);
  setLocks(new Locks());
  let up = false;
  const posts = serve(({ token }) => (token === "a" && !up ? new Response("", { status: 502 }) : done()));
  const [one, other] = [await open(), await open()];
  const first = one.applyCookies("a");
  await go(5000);
  // So that its own wait is not over before the turn is.
  const second = other.applyCookies("b");
  const behind = one.applyCookies("c");
  for (let n = 0; n < 4; n++) await go(1000);
  assert(!tokens(posts).includes("b"));
  await go(1000);
  await second;
  assert(!tokens(posts).includes("c"), "in its own tab the order stays");
  up = true;
  for (let n = 0; n < 6; n++) await go(1000);
  await first;
  await behind;
  assert.deepEqual(tokens(posts).slice(-2), ["a", "c"]);
});

test("a tab that never gives its lock back is waited for ten seconds, not for ever", async (t) => {
  const go = stopClock(t);
  setLocks({ request: () => new Promise(() => {}) });
  const posts = serve();
  const { applyCookies, ready } = await open();
  const both = Promise.all([applyCookies("a"), ready()]);
  await go(9999);
  assert.equal(posts.length, 0);
  await go(1);
  await both;
  assert.equal(posts.length, 2);
});

test("a lock that comes after the wait makes no second POST", async (t) => {
  const go = stopClock(t);
  let grant;
  setLocks({ request: async (_, act) => (await new Promise((resolve) => (grant = resolve)), act()) });
  const posts = serve();
  const { applyCookies } = await open();
  const applied = applyCookies("a");
  await go(10_000);
  await applied;
  grant();
  await go(0);
  assert.equal(posts.length, 1);
});

test("a lock that the browser refuses is not needed", async () => {
  setLocks({ request: () => Promise.reject(new DOMException("no storage here", "SecurityError")) });
  const posts = serve();
  const { applyCookies } = await open();
  await applyCookies("a");
  assert.equal(posts.length, 1);
});

test("a page in a browser without Web Locks is told so once, and works", async (t) => {
  openDocument();
  setLocks(undefined);
  const warn = t.mock.method(console, "warn", () => {});
  const posts = serve();
  const { applyCookies } = await open();
  await applyCookies("a");
  await applyCookies("b");
  assert.deepEqual(tokens(posts), ["a", "b"]);
  assert.equal(warn.mock.callCount(), 1);
  assert.match(warn.mock.calls[0].arguments[0], /^apply-cookies: no Web Locks/);
});

test("a page in a browser with Web Locks is told nothing", async (t) => {
  setLocks(new Locks());
  openDocument();
  const warn = t.mock.method(console, "warn", () => {});
  serve();
  const { applyCookies } = await open();
  await applyCookies("a");
  assert.equal(warn.mock.callCount(), 0);
});

test("locks that throw instead of refusing are not needed", async () => {
  setLocks({
    request: () => {
      throw new TypeError("not today");
    },
  });
  const posts = serve();
  const { applyCookies, ready } = await open();
  await applyCookies("a");
  await ready();
  assert.equal(posts.length, 2);
});
