import assert from "node:assert/strict";
import { test } from "node:test";
import { done, open, openDocument, refusal, serve, settled, stopClock } from "./page.mjs";

const MINUTE = 60_000;

const cutOff = () => {
  throw new TypeError("no connection");
};

const answerOf = (status, headers) => () => new Response("<h1>sorry</h1>", { status, headers });

/** A token on its way, before a clock that stands: its POSTs, and what becomes of it. */
const start = async (t, answer, token = "a") => {
  const go = stopClock(t);
  const posts = serve(answer);
  const { applyCookies, ApplyCookiesError, settings } = await open();
  const fate = {};
  const begin = () =>
    applyCookies(token).then(
      () => (fate.end = "applied"),
      (error) => {
        assert(error instanceof ApplyCookiesError);
        fate.end = error;
      },
    );
  return { go, posts, fate, settings, begin };
};

/** The times of POSTs, with each pause as long as it may be. */
const longest = (t) => t.mock.method(Math, "random", () => 1);

const passing = {
  "no answer": cutOff,
  408: () => refusal(408, "unavailable"),
  502: answerOf(502),
  503: () => refusal(503, "unavailable"),
  504: answerOf(504),
};

for (const [what, failure] of Object.entries(passing)) {
  test(`${what} passes: the same token is posted again with the same redemption id`, async (t) => {
    const answers = [failure, failure, failure, done];
    // Without an answer, each attempt is two requests: the second without keepalive.
    const { go, posts, fate, begin } = await start(t, ({ init }) =>
      init.keepalive ? answers.shift()() : failure(),
    );
    begin();
    await go(0);
    assert.equal(fate.end, undefined);
    for (let n = 0; n < 3; n++) await go(5000);
    assert.equal(fate.end, "applied");
    assert.equal(posts.filter(({ init }) => init.keepalive).length, 4);
    assert.equal(new Set(posts.map(({ form }) => form.toString())).size, 1);
    assert.match(posts[0].form.get("r"), /^[\w-]{22}$/);
  });
}

for (const [status, type] of [[400, "invalid"], [409, "used"], [410, "expired"], [403, "origin"], [500, "unknown"], [404, "unknown"], [200, "unknown"]]) {
  test(`a ${status} is final`, async (t) => {
    const { go, posts, fate, begin } = await start(t, () => refusal(status, type));
    begin();
    await go(0);
    assert.deepEqual([fate.end.status, fate.end.type], [status, type]);
    await go(MINUTE);
    assert.equal(posts.length, 1);
  });
}

test("the pauses grow from a quarter of a second to five seconds", async (t) => {
  longest(t);
  const { go, posts, begin } = await start(t, answerOf(502));
  begin();
  await go(0);
  const pauses = [];
  for (let waited = 0; pauses.length < 7; waited += 50) {
    const before = posts.length;
    await go(50);
    if (posts.length > before) {
      pauses.push(waited + 50);
      waited = -50;
    }
  }
  assert.deepEqual(pauses, [250, 500, 1000, 2000, 4000, 5000, 5000]);
});

test("a pause is drawn from nothing to its longest", async (t) => {
  let drawn = 0;
  t.mock.method(Math, "random", () => drawn);
  const { go, posts, begin } = await start(t, answerOf(502));
  begin();
  await go(0);
  assert.equal(posts.length, 2, "the first pause was none");
  drawn = 0.5;
  await go(0);
  assert.equal(posts.length, 3, "nor was the second");
  await go(499);
  assert.equal(posts.length, 3);
  await go(1);
  assert.equal(posts.length, 4, "the third was half a second, half of its longest");
});

test("the server is left alone for as long as it asks", async (t) => {
  const { go, posts, fate, begin } = await start(t, ({ init }) =>
    posts.length == 1 ? answerOf(503, { "retry-after": "7" })() : done(init),
  );
  begin();
  await go(6999);
  assert.equal(posts.length, 1);
  await go(251);
  assert.equal(fate.end, "applied");
});

test("a Retry-After that is no number of seconds asks for nothing", async (t) => {
  longest(t);
  const headers = { "retry-after": new Date(0).toUTCString() };
  const { go, posts, begin } = await start(t, answerOf(503, headers));
  begin();
  await go(249);
  assert.equal(posts.length, 1);
  await go(1);
  assert.equal(posts.length, 2);
});

test("a token without an answer fails when it has expired, and is not posted after that", async (t) => {
  const seen = openDocument();
  const { go, posts, fate, begin } = await start(t, answerOf(502));
  begin();
  for (let n = 0; n < 59; n++) await go(1000);
  assert.equal(fate.end, undefined);
  const before = posts.length;
  assert(before > 12);
  await go(1000);
  assert.deepEqual([fate.end.status, fate.end.type], [0, "expired"]);
  assert.equal(fate.end.cause.status, 502, "what the last answer was");
  assert.deepEqual(seen.at(-1), { step: "failed", detail: { status: 0, type: "expired" } });
  await go(MINUTE);
  assert(posts.length - before <= 5);
});

test("without a network it is the same, and the cause is kept", async (t) => {
  const { go, fate, begin } = await start(t, cutOff);
  begin();
  for (let n = 0; n < 60; n++) await go(1000);
  assert.deepEqual([fate.end.status, fate.end.type], [0, "expired"]);
  assert.equal(fate.end.cause.type, "network");
  assert.equal(fate.end.cause.cause.message, "no connection");
});

test("a Retry-After beyond the expiry does not hold up the tokens behind it for longer", async (t) => {
  const { go, fate, begin } = await start(t, answerOf(503, { "retry-after": "86400" }));
  begin();
  await go(MINUTE);
  assert.equal(fate.end.type, "expired");
});

test("the lifetime counts from the arrival, and is a setting", async (t) => {
  const { go, posts, fate, settings, begin } = await start(t, answerOf(502));
  assert.equal(settings.lifetime, MINUTE);
  settings.lifetime = 10_000;
  begin();
  for (let n = 0; n < 10; n++) await go(1000);
  assert.equal(fate.end.type, "expired");
  assert(posts.length > 1);
});

test("a token that expired while it waited for others is not posted, and no event says so", async (t) => {
  const go = stopClock(t);
  const seen = openDocument();
  const posts = serve(({ token }) => (token === "a" ? answerOf(502)() : done()));
  const { applyCookies, settings } = await open();
  const first = assert.rejects(applyCookies("a"), { type: "expired" });
  settings.lifetime = 1000;
  const second = assert.rejects(applyCookies("b"), { type: "expired" });
  for (let n = 0; n < 60; n++) await go(1000);
  await Promise.all([first, second]);
  assert(posts.every(({ token }) => token === "a"));
  assert.equal(seen.filter(({ step }) => step === "posted").length, posts.length);
});

test("tokens behind one that is tried again wait for it", async (t) => {
  const { go, posts, fate, begin } = await start(t, () => (posts.length < 3 ? answerOf(502)() : done()));
  begin();
  const { token } = posts[0] ?? {};
  await settled();
  assert.equal(token, undefined);
  for (let n = 0; n < 5; n++) await go(5000);
  assert.equal(fate.end, "applied");
  assert.deepEqual(posts.map(({ token: posted }) => posted), ["a", "a", "a"]);
});

test("a token that a stream brings again while it is tried again keeps its redemption id", async (t) => {
  const go = stopClock(t);
  const posts = serve(() => (posts.length < 3 ? answerOf(502)() : done()));
  const { applyCookies } = await open();
  const first = applyCookies("a");
  await go(5000);
  assert.equal(applyCookies("a"), first);
  for (let n = 0; n < 3; n++) await go(5000);
  await first;
  assert.equal(posts.length, 3);
  assert.equal(new Set(posts.map(({ form }) => form.get("r"))).size, 1);
});

test("where keepalive is refused, the same attempt is made at once without it", async () => {
  const posts = serve(({ init }) => (init.keepalive ? cutOff() : done()));
  const { applyCookies } = await open();
  await applyCookies("a");
  assert.deepEqual(posts.map(({ init }) => init.keepalive), [true, false]);
  assert.equal(posts[0].form.toString(), posts[1].form.toString());
});

test("after a timeout nothing is posted at once: it is one attempt that failed", async (t) => {
  const go = stopClock(t);
  const late = new AbortController();
  t.mock.method(AbortSignal, "timeout", () => late.signal);
  const posts = [];
  globalThis.fetch = async (_, { signal, keepalive }) => {
    signal.throwIfAborted();
    posts.push(keepalive);
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  const { applyCookies } = await open();
  applyCookies("a").catch(() => {});
  await go(0);
  late.abort(new DOMException("too late", "TimeoutError"));
  await go(0);
  assert.deepEqual(posts, [true]);
});
