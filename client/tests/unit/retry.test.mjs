import assert from "node:assert/strict";
import { test } from "node:test";
import { done, open, openDocument, refusal, serve, serveByHand, settled, stopClock } from "./page.mjs";

const MINUTE = 60_000;

const cutOff = () => {
  throw new TypeError("no connection");
};

const answerOf = (status, headers) => () => new Response("<h1>sorry</h1>", { status, headers });

/** A token on its way, with a stopped clock: its POSTs, and its outcome. */
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
  503: () => refusal(503, "unavailable"),
};

// Of proxies in between, which say nothing about the token: whatever is full, asleep or unreachable.
for (const status of [425, 429, 500, 502, 504, 506, 509, 520, 521, 522, 523, 524, 525, 527, 529, 530, 598, 599]) {
  passing[status] = answerOf(status);
}

for (const [what, failure] of Object.entries(passing)) {
  test(`${what} passes: the same token is posted again with the same redemption id`, async (t) => {
    const answers = [failure, failure, failure, done];
    const { go, posts, fate, begin } = await start(t, () => answers.shift()());
    begin();
    await go(0);
    assert.equal(fate.end, undefined);
    for (let n = 0; n < 3; n++) await go(5000);
    assert.equal(fate.end, "applied");
    assert.equal(posts.length, 4);
    assert.equal(new Set(posts.map(({ form }) => form.toString())).size, 1);
    assert.match(posts[0].form.get("r"), /^[\d-]{7,43}$/);
  });
}

for (const [status, type] of [[400, "invalid"], [409, "used"], [410, "expired"], [403, "origin"], [404, "unknown"], [421, "unknown"], [501, "unknown"], [505, "unknown"], [200, "unknown"]]) {
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

test("a pause is drawn from a tenth of a second to its longest", async (t) => {
  let drawn = 0;
  t.mock.method(Math, "random", () => drawn);
  const { go, posts, begin } = await start(t, answerOf(502));
  begin();
  await go(99);
  assert.equal(posts.length, 1);
  await go(1);
  assert.equal(posts.length, 2, "the first pause was the shortest");
  drawn = 0.5;
  await go(100);
  assert.equal(posts.length, 3, "so was the second");
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
  await go(1);
  await go(250);
  assert.equal(fate.end, "applied");
});

test("the server is left alone until a date, too", async (t) => {
  const headers = {};
  const { go, posts, fate, begin } = await start(t, () =>
    posts.length == 1 ? answerOf(503, headers)() : done(),
  );
  headers["retry-after"] = new Date(Date.now() + 20_000).toUTCString();
  begin();
  await go(19_999);
  assert.equal(posts.length, 1);
  await go(1);
  await go(250);
  assert.equal(fate.end, "applied");
});

for (const after of [new Date(0).toUTCString(), "0", "-1", "", "soon"]) {
  test(`a Retry-After of "${after}" asks for nothing, and takes nothing from the pause`, async (t) => {
    longest(t);
    const { go, posts, begin } = await start(t, answerOf(503, { "retry-after": after }));
    begin();
    await go(249);
    assert.equal(posts.length, 1);
    await go(1);
    assert.equal(posts.length, 2);
  });
}

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

test("a token without a network fails when it has expired, and keeps the cause", async (t) => {
  const { go, fate, begin } = await start(t, cutOff);
  begin();
  for (let n = 0; n < 60; n++) await go(1000);
  assert.deepEqual([fate.end.status, fate.end.type], [0, "expired"]);
  assert.equal(fate.end.cause.type, "network");
  assert.equal(fate.end.cause.cause.message, "no connection");
});

test("a Retry-After beyond the expiry does not hold up later tokens for longer", async (t) => {
  const { go, fate, begin } = await start(t, answerOf(503, { "retry-after": "86400" }));
  begin();
  await go(MINUTE);
  assert.equal(fate.end.type, "expired");
});

test("nor does a date beyond the expiry", async (t) => {
  const after = new Date(Date.UTC(2099, 0, 1)).toUTCString();
  const { go, fate, begin } = await start(t, answerOf(503, { "retry-after": after }));
  begin();
  await go(MINUTE);
  assert.equal(fate.end.type, "expired");
});

test("a clock that is set forward takes nothing from a token's life", async (t) => {
  const { go, posts, fate, begin } = await start(t, () => (posts.length < 3 ? answerOf(502)() : done()));
  begin();
  await go(0);
  go.setDate(3_600_000);
  for (let n = 0; n < 3; n++) await go(5000);
  assert.equal(fate.end, "applied");
});

test("a clock that is set back adds nothing to a token's life", async (t) => {
  const { go, fate, begin } = await start(t, answerOf(502));
  begin();
  await go(0);
  go.setDate(-3_600_000);
  for (let n = 0; n < 60; n++) await go(1000);
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

test("a token that expired while the page was frozen is not posted, and no event says so", async (t) => {
  const go = stopClock(t);
  const seen = openDocument();
  const { posts, next } = serveByHand();
  const { applyCookies, settings } = await open();
  const first = applyCookies("a");
  settings.lifetime = 1000;
  const second = assert.rejects(applyCookies("b"), { type: "expired" });
  await settled();
  // No timer ran meanwhile, and the answer is what comes first.
  t.mock.method(performance, "now", () => 2000);
  await next();
  await Promise.all([first, second]);
  assert.deepEqual(posts.map(({ token }) => token), ["a"]);
  assert.equal(seen.filter(({ step }) => step === "posted").length, 1);
  await go(0);
});

test("tokens after one that is retried wait for it", async (t) => {
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

test("where keepalive is refused, the next attempt is made without it, not two at once", async (t) => {
  const { go, posts, fate, begin } = await start(t, ({ init }) => (init.keepalive ? cutOff() : done()));
  begin();
  await go(0);
  assert.equal(posts.length, 1);
  await go(250);
  assert.equal(fate.end, "applied");
  assert.deepEqual(posts.map(({ init }) => init.keepalive), [true, false]);
  assert.equal(posts[0].form.toString(), posts[1].form.toString());
});

test("after an answer, keepalive is used again", async (t) => {
  const answers = [cutOff, answerOf(502), done];
  const { go, posts, begin } = await start(t, () => answers.shift()());
  begin();
  for (let n = 0; n < 3; n++) await go(500);
  assert.deepEqual(posts.map(({ init }) => init.keepalive), [true, false, true]);
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

// A visitor's clock may be wrong by minutes. The answer says what the server's shows.
for (const wrong of [0, -600_000, 600_000, -86_400_000 * 365, 3_600_000]) {
  test(`a Retry-After that is a date is judged by the answer's own Date, not by a clock ${wrong / 1000} s off`, async (t) => {
    const headers = {};
    const { go, posts, fate, begin } = await start(t, () => (posts.length == 1 ? answerOf(503, headers)() : done()));
    const server = Date.now() - wrong;
    headers.date = new Date(server).toUTCString();
    headers["retry-after"] = new Date(server + 20_000).toUTCString();
    begin();
    await go(19_999);
    assert.equal(posts.length, 1);
    await go(1);
    await go(250);
    assert.equal(fate.end, "applied");
  });
}

test("where the answer has no readable Date, this clock has to do", async (t) => {
  const headers = { date: "yesterday", "retry-after": new Date(Date.UTC(2026, 0, 1) + 20_000).toUTCString() };
  const { go, posts, begin } = await start(t, () => (posts.length == 1 ? answerOf(503, headers)() : done()));
  begin();
  await go(19_999);
  assert.equal(posts.length, 1);
});

for (const drawn of [0, 0.0001, 0.01, 0.5, 1]) {
  test(`in the last second of a token no two POSTs are closer than 100 ms, if ${drawn} is drawn`, async (t) => {
    t.mock.method(Math, "random", () => drawn);
    const times = [];
    const { go, settings, begin, fate } = await start(t, () => (times.push(performance.now()), answerOf(502)()));
    settings.lifetime = 1000;
    begin();
    for (let n = 0; n < 100; n++) await go(10);
    assert.equal(fate.end.type, "expired");
    assert(times.length > 1 && times.length <= 10);
    for (let n = 1; n < times.length; n++) assert(times[n] - times[n - 1] >= 100, times.join());
  });
}

// What `redirect: "manual"` makes of each of them in a browser.
const redirected = () => Object.defineProperties(new Response(), { status: { value: 0 }, type: { value: "opaqueredirect" } });

test("a redirect is final at once, and its error says what it was", async (t) => {
  const said = t.mock.method(console, "warn", () => {});
  const seen = openDocument();
  const { go, posts, fate, begin } = await start(t, redirected);
  begin();
  await go(MINUTE);
  assert.equal(posts.length, 1);
  assert.deepEqual([fate.end.status, fate.end.type, fate.end.cause], [0, "unknown", "opaqueredirect"]);
  assert.deepEqual(seen.at(-1), { step: "failed", detail: { status: 0, type: "unknown" } });
  assert.match(said.mock.calls.at(-1).arguments[0], /^apply-cookies: unknown \(opaqueredirect\)$/);
});
