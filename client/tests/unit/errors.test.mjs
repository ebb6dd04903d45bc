import assert from "node:assert/strict";
import { test } from "node:test";
import { open, refusal, serve, stopClock } from "./page.mjs";

// By `ready`, which reports the last answer. What a token does with the same errors is in
// retry.test.mjs.
const failureOf = async (t, answer) => {
  const go = stopClock(t);
  serve(answer);
  const { ready, ApplyCookiesError } = await open();
  const failed = ready().then(
    () => assert.fail("it was bound"),
    (reason) => reason,
  );
  for (let n = 0; n < 10; n++) await go(1000);
  const error = await failed;
  assert(error instanceof ApplyCookiesError);
  assert(error instanceof Error);
  assert.equal(error.name, "ApplyCookiesError");
  return error;
};

const refusals = [
  [400, "invalid"],
  [410, "expired"],
  [409, "used"],
  [403, "wrong-browser"],
  [403, "origin"],
  [413, "too-large"],
  [415, "unsupported-media-type"],
  [503, "unavailable"],
];

for (const [status, type] of refusals) {
  test(`a refusal ${status} ${type} is an error that says so`, async (t) => {
    const error = await failureOf(t, () => refusal(status, type));
    assert.equal(error.status, status);
    assert.equal(error.type, type);
    assert.match(error.message, new RegExp(`${type}.*${status}`));
  });
}

test("a problem with parameters on its media type is understood", async (t) => {
  const headers = { "content-type": "application/problem+json; charset=utf-8" };
  const error = await failureOf(t, () => new Response('{"type":"used"}', { status: 409, headers }));
  assert.equal(error.type, "used");
});

test("no answer at all is status 0, type `network`, and keeps the cause", async (t) => {
  const cause = new TypeError("no connection");
  const error = await failureOf(t, () => {
    throw cause;
  });
  assert.equal(error.status, 0);
  assert.equal(error.type, "network");
  assert.equal(error.cause, cause);
});

const problem = (status, body) =>
  new Response(body, { status, headers: { "content-type": "application/problem+json" } });

const strangers = {
  "a page of a proxy": () => new Response("<h1>Bad Gateway</h1>", { status: 502 }),
  "an answer without a media type": () => new Response(null, { status: 500 }),
  "a problem of somebody else": () => problem(500, '{"type":"about:blank"}'),
  "a problem whose URL ends with one of our names": () => problem(500, '{"type":"https://proxy.example/used"}'),
  "a problem whose type has more lines": () => problem(500, '{"type":"used\\nabout:blank"}'),
  "a problem without a type": () => problem(500, '{"detail":"Not Found"}'),
  "a problem whose type is null": () => problem(500, '{"type":null}'),
  "a problem whose type is a list": () => problem(500, '{"type":["used"]}'),
  "a problem that is no object": () => problem(500, "null"),
  "a problem that is cut off": () => problem(500, '{"type":"us'),
};

for (const [what, answer] of Object.entries(strangers)) {
  test(`${what} is an error of type \`unknown\` with its status`, async (t) => {
    const error = await failureOf(t, answer);
    assert.equal(error.status, answer().status);
    assert.equal(error.type, "unknown");
  });
}

test("a 200 is not taken for applied: only the endpoint answers 204", async (t) => {
  const error = await failureOf(t, () => new Response("<!doctype html>", { status: 200 }));
  assert.equal(error.status, 200);
  assert.equal(error.type, "unknown");
});

test("an error does not show the token", async () => {
  serve(() => refusal(400, "invalid"));
  const { applyCookies } = await open();
  const error = await applyCookies("e1.secret").catch((reason) => reason);
  assert.equal(error.type, "invalid");
  assert.doesNotMatch(error.stack + JSON.stringify(error), /secret/);
});
