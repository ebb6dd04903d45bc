import assert from "node:assert/strict";
import { test } from "node:test";
import { done, open, refusal, serve, serveByHand, settled, stopClock } from "./page.mjs";

const tokens = (posts) => posts.map(({ token }) => token);

test("tokens are posted in the order in which they came, however slow an answer is", async () => {
  const delays = { a: 20, b: 5, c: 0 };
  const posts = serve(({ token }) => new Promise((resolve) => setTimeout(resolve, delays[token], done())));
  const { applyCookies } = await open();
  const finished = [];
  await Promise.all(["a", "b", "c"].map((token) => applyCookies(token).then(() => finished.push(token))));
  assert.deepEqual(tokens(posts), ["a", "b", "c"]);
  assert.deepEqual(finished, ["a", "b", "c"]);
});

test("one token is on its way at a time", async () => {
  const { posts, next } = serveByHand();
  const { applyCookies } = await open();
  for (const token of ["a", "b", "c"]) applyCookies(token);
  for (const expected of [["a"], ["a", "b"], ["a", "b", "c"]]) {
    await settled();
    assert.deepEqual(tokens(posts), expected);
    await next();
  }
});

test("a token is applied when its own POST is answered, not before", async () => {
  const { next } = serveByHand();
  const { applyCookies } = await open();
  const finished = [];
  for (const token of ["a", "b"]) applyCookies(token).then(() => finished.push(token));
  await settled();
  assert.deepEqual(finished, []);
  await next();
  assert.deepEqual(finished, ["a"]);
  await next();
  assert.deepEqual(finished, ["a", "b"]);
});

test("a token that fails does not stop later ones", async () => {
  const posts = serve(({ token }) => {
    if (token === "broken") return new Response("<h1>Not Found</h1>", { status: 404 });
    return token === "refused" ? refusal(410, "expired") : done();
  });
  const { applyCookies } = await open();
  const outcomes = await Promise.allSettled(["refused", "broken", "good"].map(applyCookies));
  assert.deepEqual(outcomes.map(({ status }) => status), ["rejected", "rejected", "fulfilled"]);
  assert.equal(posts.length, 3);
});

test("the same token again is the same promise and not another POST", async () => {
  const posts = serve();
  const { applyCookies } = await open();
  const first = applyCookies("a");
  assert.equal(applyCookies("a"), first);
  await first;
  assert.equal(applyCookies("a"), first);
  await settled();
  assert.equal(posts.length, 1);
});

test("a refused token again is the same refusal and not another POST", async () => {
  const posts = serve(() => refusal(409, "used"));
  const { applyCookies } = await open();
  await assert.rejects(applyCookies("a"), { type: "used" });
  await assert.rejects(applyCookies("a"), { type: "used" });
  assert.equal(posts.length, 1);
});

test("a page that stays open does not remember every token it ever saw", async () => {
  const posts = serve();
  const { applyCookies } = await open();
  for (let n = 0; n < 300; n++) await applyCookies(`t${n}`);
  assert.equal(posts.length, 300);

  await applyCookies("t299");
  await applyCookies("t250");
  assert.equal(posts.length, 300, "a recent token is remembered");

  await applyCookies("t0");
  assert.equal(posts.length, 301, "an old one is forgotten");
});

test("a token that still waits is never forgotten, however many wait", async () => {
  const { posts, open: waiting, next } = serveByHand();
  const { applyCookies } = await open();
  const all = Array.from({ length: 300 }, (_, n) => `t${n}`);
  const promises = all.map(applyCookies);
  await settled();
  for (let n = 0; n < 5; n++) await next();

  assert.deepEqual(all.slice(5).map(applyCookies), promises.slice(5));
  while (waiting.length) await next();
  assert.deepEqual(tokens(posts), all);
});

// A proxy that finds the answer of one token too large for it, for instance.
const poisoned = ({ token }) => (token === "poison" ? new Response("", { status: 502 }) : done());

test("a token that never gets an answer holds up the next one until ten seconds before its end", async (t) => {
  const go = stopClock(t);
  const posts = serve(poisoned);
  const { applyCookies } = await open();
  const poison = assert.rejects(applyCookies("poison"), { type: "expired" });
  const behind = applyCookies("behind");
  await go(49_999);
  assert(!tokens(posts).includes("behind"));
  await go(1);
  await behind;
  await go(10_000);
  await poison;
});

test("where tokens live shorter, the next one goes when a sixth is left: the order is kept until then", async (t) => {
  const go = stopClock(t);
  const posts = serve(poisoned);
  const { applyCookies, settings } = await open();
  settings.lifetime = 6000;
  const poison = assert.rejects(applyCookies("poison"), { type: "expired" });
  const behind = applyCookies("behind");
  await go(4999);
  assert(!tokens(posts).includes("behind"));
  await go(1);
  await behind;
  await go(1000);
  await poison;
});

test("a token that goes ahead is not overtaken by later ones", async (t) => {
  const go = stopClock(t);
  const posts = serve(poisoned);
  const { applyCookies } = await open();
  const poison = assert.rejects(applyCookies("poison"), { type: "expired" });
  const behind = applyCookies("behind");
  await go(30_000);
  const last = applyCookies("last");
  await go(20_000);
  await behind;
  assert(!tokens(posts).includes("last"));
  await go(10_000);
  await Promise.all([poison, last]);
});

test("a waiting token is not forgotten, however many have gone ahead", async (t) => {
  const go = stopClock(t);
  serve(poisoned);
  const { applyCookies } = await open();
  const poison = applyCookies("poison");
  const others = Array.from({ length: 150 }, (_, n) => applyCookies(`t${n}`));
  await go(50_000);
  await Promise.all(others);
  assert.equal(applyCookies("poison"), poison);
  const failed = assert.rejects(poison, { type: "expired" });
  await go(10_000);
  await failed;
});
