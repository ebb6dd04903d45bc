// Streams that the module opens itself, and how it recovers a browser that has lost its binding.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { done, open, openDocument, refusal, serve, serveByHand, settled, Storage, unhandled } from "./page.mjs";

class Stream extends EventTarget {
  closed = false;
  close = () => (this.closed = true);
  bring(token) {
    this.dispatchEvent(new MessageEvent("apply-cookies", { data: JSON.stringify({ token }) }));
    return settled();
  }
}

const wrongBrowser = () => refusal(403, "wrong-browser");
const reconnect = () => new Response(null, { status: 204, headers: { "apply-cookies-then": "reconnect" } });

let seen, streams, binds, answers;

/** Answers binds, and each token as `answers` says; opens a stream as often as it is asked to. */
const begin = async () => {
  const posts = serve(({ token, request }) => {
    if (!request.url.endsWith("/bind")) return (answers[token] ?? done)();
    binds.push(streams.length);
    return done();
  });
  const module = await open();
  const openStream = () => {
    streams.push(new Stream());
    return streams.at(-1);
  };
  return { ...module, posts, openStream };
};

const steps = (...wanted) => seen.map(({ step }) => step).filter((step) => wanted.includes(step));

beforeEach(() => {
  globalThis.sessionStorage = new Storage();
  seen = openDocument();
  streams = [];
  binds = [];
  answers = {};
});

test("a stream is opened after the binding is there, and its tokens are applied", async () => {
  const { listen, openStream, posts } = await begin();
  listen(openStream);
  assert.equal(streams.length, 0);
  await settled();
  assert.equal(streams.length, 1);
  assert.deepEqual(binds, [0]);
  await streams[0].bring("a");
  assert.equal(posts.at(-1).token, "a");
  assert.equal(streams[0].closed, false);
});

test("a stream is not opened before the binding is there, however long that takes", async () => {
  const { listen, openStream } = await begin();
  const { next } = serveByHand();
  listen(openStream);
  for (let n = 0; n < 20; n++) await settled();
  assert.equal(streams.length, 0);
  await next();
  assert.equal(streams.length, 1);
});

test("a binding that cannot be obtained does not keep the stream closed", async () => {
  const { listen, openStream } = await begin();
  serve(() => refusal(403, "origin"));
  const lost = await unhandled(() => listen(openStream));
  assert.equal(streams.length, 1);
  assert.deepEqual(lost, []);
});

test("stopping closes the stream", async () => {
  const { listen, openStream } = await begin();
  const stop = listen(openStream);
  await settled();
  stop();
  assert.equal(streams[0].closed, true);
});

test("a stream that is stopped before it is open is never opened", async () => {
  const { listen, openStream } = await begin();
  listen(openStream)();
  await settled();
  assert.equal(streams.length, 0);
});

test("a stopped stream is not reopened", async () => {
  const { listen, openStream } = await begin();
  const stop = listen(openStream);
  await settled();
  answers = { a: wrongBrowser, b: reconnect };
  streams[0].bring("a");
  streams[0].bring("b");
  stop();
  await settled();
  assert.equal(streams.length, 1);
});

test("reconnect: the stream is closed and reopened, with the same binding", async () => {
  const { listen, openStream } = await begin();
  listen(openStream);
  await settled();
  answers = { a: reconnect };
  await streams[0].bring("a");
  assert.deepEqual(streams.map(({ closed }) => closed), [true, false]);
  assert.deepEqual(binds, [0]);
  assert.deepEqual(steps("then"), ["then"]);
  answers = { b: reconnect };
  await streams[1].bring("b");
  assert.equal(streams.length, 3);
});

test("reconnect: the page can prevent it", async () => {
  const { listen, openStream } = await begin();
  listen(openStream);
  await settled();
  document.addEventListener("apply-cookies:then", (event) => event.preventDefault());
  answers = { a: reconnect };
  await streams[0].bring("a");
  assert.equal(streams.length, 1);
});

test("two tokens of one stream that both ask for it reopen it once", async () => {
  const { listen, openStream } = await begin();
  listen(openStream);
  await settled();
  answers = { a: reconnect, b: reconnect };
  streams[0].bring("a");
  await streams[0].bring("b");
  await settled();
  assert.equal(streams.length, 2);
});

test("wrong browser: the page asks for a binding again and reopens the stream", async () => {
  const { listen, openStream, posts } = await begin();
  listen(openStream);
  await settled();
  answers = { a: wrongBrowser };
  await streams[0].bring("a");
  assert.deepEqual(streams.map(({ closed }) => closed), [true, false]);
  assert.deepEqual(binds, [0, 1]);
  await streams[1].bring("b");
  assert.equal(posts.at(-1).token, "b");
  assert.deepEqual(steps("failed", "applied", "blocked"), ["failed", "applied"]);
});

test("wrong browser again: the page is told once that cookies are blocked, and the stream is left alone", async () => {
  const { listen, openStream } = await begin();
  listen(openStream);
  await settled();
  answers = { a: wrongBrowser, b: wrongBrowser, c: wrongBrowser };
  await streams[0].bring("a");
  await streams[1].bring("b");
  await streams[1].bring("c");
  assert.deepEqual(steps("blocked"), ["blocked"]);
  assert.deepEqual(streams.map(({ closed }) => closed), [true, false]);
});

test("after a success the next opening's wrong browser is the first again", async () => {
  const { listen, openStream } = await begin();
  listen(openStream);
  await settled();
  answers = { a: wrongBrowser, b: reconnect, c: wrongBrowser };
  await streams[0].bring("a");
  await streams[1].bring("b");
  await streams[2].bring("c");
  assert.equal(streams.length, 4);
  assert.deepEqual(steps("blocked"), []);
});

for (const order of [["good", "foreign"], ["foreign", "good"]]) {
  test(`a stream that always brings ${order.join(" and ")} tokens is opened again once`, async () => {
    const { listen, openStream } = await begin();
    listen(openStream);
    await settled();
    for (let n = 0; n < 5; n++) {
      for (const kind of order) {
        if (kind === "foreign") answers[kind + n] = wrongBrowser;
        await streams.at(-1).bring(kind + n);
      }
    }
    assert.equal(streams.length, 2);
    assert.deepEqual(steps("blocked"), ["blocked"]);
  });
}

test("tokens left over from the closed stream do not count for the new one", async () => {
  const { listen, openStream } = await begin();
  listen(openStream);
  await settled();
  answers = { a: wrongBrowser, c: wrongBrowser };
  streams[0].bring("a");
  await streams[0].bring("b");
  await settled();
  await streams[1].bring("c");
  assert.equal(streams.length, 2);
  assert.deepEqual(steps("blocked"), ["blocked"]);
});

test("a binding that could not be asked for does not count: the stream stays, the next token asks again", async () => {
  const { listen, openStream } = await begin();
  listen(openStream);
  await settled();
  let up = false;
  let asked = 0;
  serve(({ token }) => {
    if (token) return wrongBrowser();
    asked++;
    return up ? done() : refusal(403, "origin");
  });
  await streams[0].bring("a");
  await streams[0].bring("b");
  assert.equal(asked, 2);
  assert.deepEqual(streams.map(({ closed }) => closed), [false]);
  up = true;
  await streams[0].bring("c");
  assert.deepEqual(streams.map(({ closed }) => closed), [true, false]);
  assert.deepEqual(steps("blocked"), []);
  await streams[1].bring("d");
  assert.deepEqual(steps("blocked"), ["blocked"]);
});

test("other tokens of the stream that was closed are not held against the new one", async () => {
  const { listen, openStream } = await begin();
  listen(openStream);
  await settled();
  answers = { a: wrongBrowser, b: wrongBrowser, c: wrongBrowser };
  streams[0].bring("a");
  streams[0].bring("b");
  await streams[0].bring("c");
  await settled();
  assert.equal(streams.length, 2);
  assert.deepEqual(steps("blocked"), []);
});

test("each listener counts by itself", async () => {
  const { listen, openStream } = await begin();
  listen(openStream);
  listen(openStream);
  await settled();
  answers = { a: wrongBrowser, b: wrongBrowser };
  await streams[0].bring("a");
  await streams[1].bring("b");
  assert.equal(streams.length, 4);
  assert.deepEqual(steps("blocked"), []);
});

test("other failures leave the stream as it is", async () => {
  const { listen, openStream } = await begin();
  listen(openStream);
  await settled();
  answers = { a: () => refusal(403, "origin"), b: () => refusal(409, "used"), c: () => refusal(410, "expired") };
  for (const token of ["a", "b", "c"]) await streams[0].bring(token);
  assert.equal(streams.length, 1);
  assert.deepEqual(binds, [0]);
});

test("the page can prevent it, through the event that reports the failure", async () => {
  const { listen, openStream } = await begin();
  listen(openStream);
  await settled();
  document.addEventListener("apply-cookies:failed", (event) => event.preventDefault());
  answers = { a: wrongBrowser };
  await streams[0].bring("a");
  assert.equal(streams.length, 1);
});

test("a stream that the app opened is left to the app; the next ready() asks for a binding again", async () => {
  const { listen, ready } = await begin();
  await ready();
  const stream = new Stream();
  listen(stream);
  answers = { a: wrongBrowser, b: wrongBrowser };
  await stream.bring("a");
  await stream.bring("b");
  assert.equal(stream.closed, false);
  assert.deepEqual(steps("failed", "blocked"), ["failed", "failed"]);
  assert.equal(binds.length, 1);
  await ready();
  assert.equal(binds.length, 2);
});

test("a token applied by hand is left to the app too", async () => {
  const { applyCookies, ready } = await begin();
  await ready();
  answers = { a: wrongBrowser };
  await assert.rejects(applyCookies("a"), { type: "wrong-browser" });
  assert.deepEqual(steps("blocked", "reload"), []);
  await ready();
  assert.equal(binds.length, 2);
});
