// A page that is left, and the next one of its tab.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import {
  done,
  open,
  openDocument,
  openWith,
  refusal,
  serve,
  serveByHand,
  setLocks,
  settled,
  stopClock,
  Storage,
} from "./page.mjs";

const KEY = "apply-cookies/__apply-cookies";

const given = (posts) => posts.map(({ form }) => form.toString());
const tokens = (posts) => posts.map(({ token }) => token);

beforeEach(() => {
  globalThis.sessionStorage = new Storage();
});
afterEach(() => setLocks(undefined));

/** The next page of the tab, with its own copy of the module. */
const nextPage = async () => {
  const seen = openDocument();
  return { ...(await open()), seen };
};

test("a page that is left posts all it has at once, though one at a time was posted before", async () => {
  const { applyCookies } = await nextPage();
  const { posts } = serveByHand();
  for (const token of ["a", "b", "c"]) applyCookies(token);
  await settled();
  assert.deepEqual(tokens(posts), ["a"]);
  leave();
  assert.deepEqual(tokens(posts), ["a", "b", "c"]);
  assert(posts.every(({ init }) => init.keepalive));
});

test("a page that is left does not wait for the lock", async () => {
  setLocks({ request: () => new Promise(() => {}) });
  const { applyCookies } = await nextPage();
  const { posts } = serveByHand();
  applyCookies("a");
  leave();
  assert.deepEqual(tokens(posts), ["a"]);
});

test("a page that is left does not wait for the end of a pause", async (t) => {
  const go = stopClock(t);
  t.mock.method(Math, "random", () => 1);
  const { applyCookies } = await nextPage();
  const posts = serve(() => refusal(503, "unavailable"));
  applyCookies("a").catch(() => {});
  await go(0);
  assert.equal(posts.length, 1);
  leave();
  assert.equal(posts.length, 2);
});

test("the next page goes on with what had no answer, with the same redemption ids and in order", async () => {
  const first = await nextPage();
  const { posts } = serveByHand();
  for (const token of ["a", "b"]) first.applyCookies(token);
  await settled();
  leave();
  const before = given(posts);

  const again = serve();
  await nextPage();
  await settled();
  assert.deepEqual(given(again), before);
});

test("the storage contains token, redemption id and expiry between the pages, and nothing afterwards", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 1000 });
  const { applyCookies } = await nextPage();
  const { posts } = serveByHand();
  applyCookies("a");
  assert.deepEqual({ ...sessionStorage }, {}, "not before the page is left");
  leave();
  assert.deepEqual(JSON.parse(sessionStorage[KEY]), [["a", null, posts[0].form.get("r"), 61_000]]);

  serve();
  await nextPage();
  await settled();
  assert.deepEqual({ ...sessionStorage }, {});
  leave();
  assert.deepEqual({ ...sessionStorage }, {});
});

test("an answered token is not left to the next page", async () => {
  const { applyCookies } = await nextPage();
  serve(({ token }) => (token === "refused" ? refusal(410, "expired") : done()));
  await applyCookies("a");
  await assert.rejects(applyCookies("refused"));
  leave();
  assert.deepEqual({ ...sessionStorage }, {});
});

test("an expired token is not posted, and is reported as a failure", async (t) => {
  const go = stopClock(t);
  const first = await nextPage();
  serveByHand();
  first.applyCookies("a");
  leave();
  await go(60_000);

  const posts = serve();
  const { seen } = await nextPage();
  await go(0);
  assert.equal(posts.length, 0);
  assert.deepEqual(seen, [{ step: "failed", detail: { status: 0, type: "expired" } }]);
});

test("a token that the next page takes over keeps its expiry, from page to page", async (t) => {
  const go = stopClock(t);
  const { applyCookies } = await nextPage();
  serveByHand();
  applyCookies("a");
  leave();
  const [[, , , end]] = JSON.parse(sessionStorage[KEY]);
  for (let n = 0; n < 2; n++) {
    await go(10_000);
    serveByHand();
    await nextPage();
    await settled();
    leave();
    assert.deepEqual(JSON.parse(sessionStorage[KEY]).map((item) => item[3]), [end]);
  }
});

test("a token posted when the page was left and then answered does not expire in its turn", async (t) => {
  const go = stopClock(t);
  setLocks({ request: () => new Promise(() => {}) });
  const { applyCookies, settings } = await nextPage();
  serve();
  settings.lifetime = 5000;
  const applied = applyCookies("a");
  leave();
  await go(10_000);
  await applied;
});

test("a token that the next page cannot finish either goes on to the one after it, until it expires", async (t) => {
  const go = stopClock(t);
  const first = await nextPage();
  const { posts } = serveByHand();
  first.applyCookies("a");
  leave();
  const [form] = given(posts);
  await go(50_000);
  await nextPage();
  await settled();
  leave();
  const again = serve();
  await go(9000);
  await nextPage();
  await settled();
  assert.deepEqual(given(again), [form]);
});

test("a stream that brings a resumed token again does not have it posted twice", async () => {
  const first = await nextPage();
  serveByHand();
  first.applyCookies("a");
  leave();

  const posts = serve();
  const { applyCookies } = await nextPage();
  await applyCookies("a");
  await settled();
  assert.equal(posts.length, 1);
});

test("a resumed token comes before those of its page", async () => {
  const first = await nextPage();
  serveByHand();
  first.applyCookies("old");
  leave();

  const posts = serve();
  const { applyCookies } = await nextPage();
  await applyCookies("new");
  assert.deepEqual(tokens(posts), ["old", "new"]);
});

test("a resumed token that is refused is an event", async () => {
  const first = await nextPage();
  serveByHand();
  first.applyCookies("a");
  leave();
  serve(() => refusal(409, "used"));
  const { seen } = await nextPage();
  await settled();
  assert.deepEqual(seen.at(-1), { step: "failed", detail: { status: 409, type: "used" } });
});

test("another endpoint's tokens are not resumed, and the app can set its own first", async () => {
  openDocument();
  const first = await openWith("/other");
  serveByHand();
  first.applyCookies("a");
  leave();

  const none = serve();
  await nextPage();
  await settled();
  assert.equal(none.length, 0);
  const posts = serve();
  openDocument();
  await openWith("/other");
  await settled();
  assert.deepEqual(tokens(posts), ["a"]);
});

test("a page that comes back from the cache goes on: nothing is posted twice, its promises settle", async () => {
  const { applyCookies } = await nextPage();
  const { posts, next } = serveByHand();
  const fates = ["a", "b", "c"].map(applyCookies);
  await settled();
  leave();
  comeBack();
  for (let n = 0; n < 3; n++) await next();
  await Promise.all(fates);
  assert.deepEqual(tokens(posts), ["a", "b", "c"]);
  assert.deepEqual({ ...sessionStorage }, {});
});

test("answers that come before their turn settle their own tokens, in order", async () => {
  const { applyCookies } = await nextPage();
  const { open: waiting, posts } = serveByHand();
  const order = [];
  for (const token of ["a", "b"]) {
    applyCookies(token).then(() => order.push(token), ({ type }) => order.push(`${token} ${type}`));
  }
  await settled();
  leave();
  assert.equal(posts.length, 2);
  waiting[1](refusal(409, "used"));
  await settled();
  assert.deepEqual(order, []);
  waiting[0](done());
  await settled();
  assert.deepEqual(order, ["a", "b used"]);
});

test("a page that comes back posts again the tokens after one that had no answer, in order", async (t) => {
  const go = stopClock(t);
  const { applyCookies } = await nextPage();
  const { posts, open: waiting, next } = serveByHand();
  const fates = ["older", "newer"].map(applyCookies);
  await go(0);
  leave();
  assert.deepEqual(tokens(posts), ["older", "newer"]);
  await next(refusal(503, "unavailable"));
  await next();
  comeBack();
  while (waiting.length === 0) await go(250);
  for (let n = 0; n < 2; n++) await next();
  await Promise.all(fates);
  assert.deepEqual(tokens(posts), ["older", "newer", "older", "newer"]);
  assert.equal(new Set(given(posts)).size, 2);
});

test("a page that comes back does not do what the server asks for: the visitor has moved on", async () => {
  const { applyCookies, seen } = await nextPage();
  const { next } = serveByHand();
  const applied = applyCookies("a");
  await settled();
  leave();
  comeBack();
  await next(new Response(null, { status: 204, headers: { "apply-cookies-then": "go /account" } }));
  await applied;
  assert.deepEqual(seen.map(({ step }) => step), ["posted", "applied"]);
});

test("a page that comes back takes over the tokens that the next page has left", async () => {
  const first = await nextPage();
  const posts = serve();
  await first.applyCookies("a");
  const { leave: _, comeBack: back } = globalThis;
  leave();

  serveByHand();
  const second = await nextPage();
  second.applyCookies("b");
  leave();
  const again = serve();
  back();
  await settled();
  assert.deepEqual(tokens(posts), ["a"]);
  assert.deepEqual(tokens(again), ["b"]);
});

test("tokens left by a frame are kept along with those of its page", async () => {
  const page = await nextPage();
  const { leave: leavePage } = globalThis;
  serveByHand();
  page.applyCookies("a");
  const frame = await nextPage();
  frame.applyCookies("b");
  await settled();
  leave();
  leavePage();
  assert.deepEqual(JSON.parse(sessionStorage[KEY]).map(([token]) => token).toSorted(), ["a", "b"]);
});

test("a frame that starts does not post the tokens of the page around it", async () => {
  const page = await nextPage();
  const { posts } = serveByHand();
  page.applyCookies("a");
  await settled();
  await nextPage();
  await settled();
  assert.equal(posts.length, 1);
});

test("where storage is forbidden, the page still posts what it has when it is left", async (t) => {
  delete globalThis.sessionStorage;
  Object.defineProperty(globalThis, "sessionStorage", {
    configurable: true,
    get: () => {
      throw new DOMException("forbidden", "SecurityError");
    },
  });
  t.after(() => delete globalThis.sessionStorage);
  const { applyCookies } = await nextPage();
  const { posts } = serveByHand();
  applyCookies("a");
  applyCookies("b");
  leave();
  assert.deepEqual(tokens(posts), ["a", "b"]);
});

for (const bad of ["", "not json", "1", "null", "{}", "[null]", "[[]]", "[[1]]", '[["a"]', '[["x","y","z","end"]]']) {
  test(`the text ${JSON.stringify(bad)} in the storage is thrown away, and nothing else fails`, async () => {
    const defined = [];
    const { customElements, HTMLElement } = globalThis;
    globalThis.HTMLElement ??= class {};
    globalThis.customElements = { get: () => undefined, define: (name) => defined.push(name) };
    sessionStorage[KEY] = bad;
    const posts = serve();
    await nextPage();
    await settled();
    Object.assign(globalThis, { customElements, HTMLElement });
    assert.deepEqual(defined, ["apply-cookies"]);
    assert.deepEqual({ ...sessionStorage }, {});
    assert.equal(posts.length, 0);
  });

  test(`with the text ${JSON.stringify(bad)} in the storage, a page that is left posts and keeps what it has`, async () => {
    const { applyCookies } = await nextPage();
    const { posts } = serveByHand();
    applyCookies("a");
    applyCookies("b");
    await settled();
    sessionStorage[KEY] = bad;
    leave();
    assert.deepEqual(tokens(posts), ["a", "b"]);
    const kept = JSON.parse(sessionStorage[KEY]).map(([token]) => token);
    assert.deepEqual(kept.slice(0, 2), ["a", "b"]);
  });
}

test("a page posts before it stores: the storage may be full", async () => {
  const { posts } = serveByHand();
  let before;
  globalThis.sessionStorage = new Storage();
  sessionStorage.setItem = () => (before = posts.length);
  const { applyCookies } = await nextPage();
  applyCookies("a");
  applyCookies("b");
  leave();
  assert.equal(before, 2);
});
