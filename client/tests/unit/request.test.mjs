import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { open, serve } from "./page.mjs";

const postOf = async (token) => {
  const posts = serve();
  const { applyCookies } = await open();
  await applyCookies(token);
  assert.equal(posts.length, 1);
  return posts[0];
};

test("a token is posted to the endpoint as a form with its redemption id", async () => {
  const { request, form } = await postOf("e1.abcd.efgh");
  assert.equal(request.method, "POST");
  assert.equal(request.url, "https://app.example/__apply-cookies");
  assert.match(request.headers.get("content-type"), /^application\/x-www-form-urlencoded\b/);
  assert.equal(await request.text(), `t=e1.abcd.efgh&r=${form.get("r")}`);
  assert.match(form.get("r"), /^(\d{1,10}-){3}\d{1,10}$/);
});

test("no character of a token can add a field or change one", async () => {
  const token = "a&r=b&t=c+d %41é=";
  const { request } = await postOf(token);
  const form = new URLSearchParams(await request.text());
  assert.deepEqual([...form.keys()], ["t", "r"]);
  assert.equal(form.get("t"), token);
});

test("the redemption id is 128 bits of the browser's cryptographic randomness", async () => {
  const draw = mock.method(crypto, "getRandomValues", (numbers) => numbers.fill(0xffffffff).fill(0, 0, 2));
  const { form } = await postOf("t");
  draw.mock.restore();
  assert.equal(draw.mock.calls[0].arguments[0].byteLength, 16);
  assert.equal(form.get("r"), "0-0-4294967295-4294967295");
});

test("every token has a redemption id of its own", async () => {
  const posts = serve();
  const { applyCookies } = await open();
  await Promise.all(["a", "b", "c"].map(applyCookies));
  assert.equal(new Set(posts.map(({ form }) => form.get("r"))).size, 3);
});

test("a token never leaves its origin", async () => {
  const { request } = await postOf("t");
  assert.equal(request.mode, "same-origin");
  assert.equal(request.redirect, "manual");
});

test("a page's `no-referrer` policy does not hide the origin, and its path is not shown", async () => {
  const { request } = await postOf("t");
  assert.equal(request.referrerPolicy, "strict-origin");
});

test("the POST carries this origin's cookies and outlives its page", async () => {
  const { request } = await postOf("t");
  assert.equal(request.credentials, "same-origin");
  assert.equal(request.keepalive, true);
});

test("a POST that hangs is given up, so that it cannot hold up the others for ever", async () => {
  const { request } = await postOf("t");
  assert.ok(request.signal instanceof AbortSignal);
  assert.equal(request.signal.aborted, false);
});

test("a browser that cannot give up a POST makes it all the same", async (t) => {
  const { timeout } = AbortSignal;
  delete AbortSignal.timeout;
  t.after(() => Object.assign(AbortSignal, { timeout }));
  await postOf("t");
});
