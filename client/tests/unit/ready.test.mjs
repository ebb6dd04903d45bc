import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { done, open, refusal, serve, serveByHand, settled, stopClock } from "./page.mjs";

// Newer versions of node have a navigator of their own.
const setNavigator = (value) =>
  Object.defineProperty(globalThis, "navigator", { value, configurable: true });

afterEach(() => setNavigator(undefined));
setNavigator(undefined);

test("ready asks for the binding with a POST that has no body", async () => {
  const posts = serve();
  const { ready } = await open();
  await ready();
  assert.equal(posts.length, 1);
  const { request } = posts[0];
  assert.equal(request.method, "POST");
  assert.equal(request.url, "https://app.example/__apply-cookies/bind");
  assert.equal(request.body, null);
  assert.equal(request.credentials, "same-origin");
});

test("ready settles when the binding is there, not before", async () => {
  const { next } = serveByHand();
  const { ready } = await open();
  let bound = false;
  ready().then(() => (bound = true));
  await settled();
  assert.equal(bound, false);
  await next();
  assert.equal(bound, true);
});

test("ready asks once, however often it is called", async () => {
  const posts = serve();
  const { ready } = await open();
  const first = ready();
  assert.equal(ready(), first);
  await first;
  assert.equal(ready(), first);
  assert.equal(posts.length, 1);
});

test("ready that failed says why, and tries again at the next call", async () => {
  const answers = [refusal(403, "origin"), done()];
  const posts = serve(() => answers.shift());
  const { ready, ApplyCookiesError } = await open();
  const failed = ready();
  assert.equal(ready(), failed, "callers at the same time share one attempt");
  await assert.rejects(failed, (error) => {
    assert(error instanceof ApplyCookiesError);
    assert.equal(error.status, 403);
    assert.equal(error.type, "origin");
    return true;
  });
  await ready();
  await ready();
  assert.equal(posts.length, 2);
});

const cutOff = () => {
  throw new TypeError("no connection");
};

for (const [what, failure] of [
  ["no answer", cutOff],
  ...[408, 425, 429, 500, 502, 503, 504, 521].map((status) => [status, () => new Response("", { status })]),
]) {
  test(`${what} passes: the binding is asked for again, once more than it failed`, async (t) => {
    const go = stopClock(t);
    const answers = [failure, failure, done];
    const posts = serve(() => answers.shift()());
    const { ready } = await open();
    const bound = ready();
    for (let n = 0; n < 2; n++) await go(500);
    await bound;
    assert.equal(posts.length, 3);
  });
}

test("a binding that cannot be reached for ten seconds is an error of type `network`", async (t) => {
  const go = stopClock(t);
  const posts = serve(cutOff);
  const { ready } = await open();
  const failed = assert.rejects(ready(), { name: "ApplyCookiesError", status: 0, type: "network" });
  for (let n = 0; n < 10; n++) await go(1000);
  await failed;
  assert(posts.length > 3);
  await go(60_000);
  assert(posts.length < 12, "and is not asked for after that");
});

test("tabs take turns: the lock is held from before the POST until its answer", async () => {
  const { posts, next } = serveByHand();
  const steps = [];
  let grant;
  const turn = new Promise((resolve) => (grant = resolve));
  const locks = {
    async request(name, act) {
      steps.push(`asks for ${name}`);
      await turn;
      await act();
      steps.push("lets go");
    },
  };
  setNavigator({ locks });
  const { ready } = await open();
  const bound = ready();
  await settled();
  assert.deepEqual(steps, ["asks for apply-cookies-bind"]);
  assert.equal(posts.length, 0, "another tab holds the lock");

  grant();
  await settled();
  assert.equal(posts.length, 1);
  assert.deepEqual(steps, ["asks for apply-cookies-bind"]);

  await next();
  await bound;
  assert.deepEqual(steps, ["asks for apply-cookies-bind", "lets go"]);
});

test("a failure under the lock is reported as it is", async () => {
  serve(() => refusal(403, "origin"));
  setNavigator({ locks: { request: async (_, act) => act() } });
  const { ready } = await open();
  await assert.rejects(ready(), { name: "ApplyCookiesError", status: 403, type: "origin" });
});

test("where the browser refuses the lock, ready works without", async () => {
  const posts = serve();
  const cause = new DOMException("no storage here", "SecurityError");
  setNavigator({ locks: { request: () => Promise.reject(cause) } });
  const { ready } = await open();
  await ready();
  assert.equal(posts.length, 1);
});

test("where there are no Web Locks, ready works without", async () => {
  const posts = serve();
  setNavigator({});
  const { ready } = await open();
  await ready();
  assert.equal(posts.length, 1);
});
