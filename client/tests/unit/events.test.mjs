import assert from "node:assert/strict";
import { test } from "node:test";
import { open, openDocument, refusal, serve, serveByHand, settled } from "./page.mjs";

test("the document hears when a token is posted and when it is applied", async () => {
  const { posts, next } = serveByHand();
  const seen = openDocument();
  const { applyCookies } = await open();
  const steps = () => seen.map(({ step }) => step);

  applyCookies("a");
  applyCookies("b");
  await settled();
  assert.equal(posts.length, 1);
  assert.deepEqual(steps(), ["posted"]);
  await next();
  assert.deepEqual(steps(), ["posted", "applied", "posted"]);
  await next();
  assert.deepEqual(steps(), ["posted", "applied", "posted", "applied"]);
});

test("the event comes before the promise settles", async () => {
  serve();
  const seen = openDocument();
  const { applyCookies } = await open();
  await applyCookies("a").then(() => seen.push({ step: "settled" }));
  assert.deepEqual(seen.map(({ step }) => step), ["posted", "applied", "settled"]);
});

test("the document hears why a token failed", async () => {
  serve(() => refusal(403, "wrong-browser"));
  const seen = openDocument();
  const { applyCookies } = await open();
  await assert.rejects(applyCookies("a"));
  assert.deepEqual(seen.at(-1), { step: "failed", detail: { status: 403, type: "wrong-browser" } });
  assert.deepEqual(seen.map(({ step }) => step), ["posted", "failed"]);
});

test("no event carries the token", async () => {
  serve(({ token }) => (token === "secret-a" ? refusal(400, "invalid") : new Response(null, { status: 204 })));
  const events = [];
  openDocument();
  for (const step of ["posted", "applied", "failed"]) {
    document.addEventListener(`apply-cookies:${step}`, (event) => events.push(event));
  }
  const { applyCookies } = await open();
  await assert.rejects(applyCookies("secret-a"));
  await applyCookies("secret-b");
  assert.equal(events.length, 4);
  for (const { type, detail } of events) assert.doesNotMatch(type + JSON.stringify(detail), /secret/);
});
