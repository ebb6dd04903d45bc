import assert from "node:assert/strict";
import { test } from "node:test";

import { newVisitor, PATIENCE } from "./support/browser.mjs";
import { LIMIT, setStage } from "./support/stage.mjs";
import { within } from "./support/within.mjs";

const stage = setStage();

const TABS = 6;
const ROUNDS = 5;

/** Runs first on each page, and leaves there what becomes of the token that its stream brings. */
function useStream(start) {
  const use = async () => {
    const { applyCookies, ready } = await import("/__apply-cookies/client.js");
    await new Promise((resolve) => setTimeout(resolve, start - Date.now()));
    await ready();
    // It goes on for a moment before it brings its token, so that all six are open together.
    const stream = new EventSource("/demo/sign-in?name=Tab");
    const { data } = await new Promise((resolve, reject) => {
      stream.addEventListener("apply-cookies", resolve);
      stream.addEventListener("error", () => reject(new Error("the stream broke off")));
    });
    stream.close();
    await applyCookies(JSON.parse(data).token);
  };
  globalThis.fate = use().then(() => "applied", (error) => error.message);
}

const STARTS = [
  // While others are still loading.
  ["each as soon as it has loaded", "", 0],
  // The document sets no binding, as from a cache or a static file server.
  ["all at one moment", "whoami", 800],
];

for (const [start, path, pause] of STARTS) {
  test(`six tabs that are restored at once can all use their streams, ${start}`, LIMIT, async () => {
    const fates = [];
    for (let round = 0; round < ROUNDS; round++) {
      // A browser without a binding: all six ask for one at the same time.
      const context = await newVisitor(stage.browser);
      try {
        const pages = await Promise.all(Array.from({ length: TABS }, () => context.newPage()));
        await context.addInitScript(useStream, Date.now() + pause);
        const tabs = pages.map(async (page) => {
          await page.goto(stage.demo.url + path, { waitUntil: "commit" });
          return within(PATIENCE, "the fate of a token", page.evaluate(() => globalThis.fate));
        });
        fates.push(...(await Promise.all(tabs)));
      } finally {
        await context.close();
      }
    }
    assert.deepEqual(fates, Array(TABS * ROUNDS).fill("applied"));
  });
}
