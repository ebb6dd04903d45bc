import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { open, serve } from "./page.mjs";

const module = new URL("../../apply-cookies.js", import.meta.url).href;

test("importing it where there is no page does nothing and does not throw", async () => {
  const posts = serve();
  assert.equal(globalThis.document, undefined);
  assert.equal(globalThis.customElements, undefined);
  assert.deepEqual(Object.keys(await open()).sort(), [
    "ApplyCookiesError",
    "applyCookies",
    "listen",
    "ready",
    "settings",
  ]);
  assert.equal(posts.length, 0);
});

test("importing it in a worker does not throw", async () => {
  const worker = new Worker(
    `import(${JSON.stringify(module)}).then((it) => require("node:worker_threads").parentPort.postMessage(Object.keys(it)))`,
    { eval: true },
  );
  const exports = await new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  assert(exports.includes("applyCookies"));
});

test("a token can be applied where there is no document to tell", async () => {
  const posts = serve();
  const { applyCookies } = await open();
  await applyCookies("a");
  assert.equal(posts.length, 1);
});
