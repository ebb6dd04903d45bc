import assert from "node:assert/strict";
import { test } from "node:test";

import { newVisitor, PATIENCE } from "./support/browser.mjs";
import { LIMIT, setStage } from "./support/stage.mjs";
import { within } from "./support/within.mjs";

const stage = setStage();

const TABS = 6;
const ROUNDS = 8;

/** On a page: what becomes of the token that its stream brings. */
async function useStream() {
  const { ApplyCookiesError, applyCookies, ready } = await import("/__apply-cookies/client.js");
  await ready();
  const stream = new EventSource("/demo/practice");
  const { data } = await new Promise((resolve, reject) => {
    stream.addEventListener("apply-cookies", resolve);
    stream.addEventListener("error", () => reject(new Error("the stream broke off")));
  });
  stream.close();
  try {
    await applyCookies(JSON.parse(data).token);
    return "applied";
  } catch (error) {
    return error instanceof ApplyCookiesError ? error.message : `${error}`;
  }
}

test("six tabs that are restored at once can all use their streams", LIMIT, async () => {
  const fates = [];
  for (let round = 0; round < ROUNDS; round++) {
    // A browser without a binding: all six ask for one at the same time.
    const context = await newVisitor(stage.browser);
    try {
      const pages = await Promise.all(Array.from({ length: TABS }, () => context.newPage()));
      const tabs = pages.map(async (page) => {
        // As early as a page's own script could run: the others are still loading.
        await page.goto(stage.demo.url, { waitUntil: "commit" });
        return within(PATIENCE, "the fate of a token", page.evaluate(useStream));
      });
      fates.push(...(await Promise.all(tabs)));
    } finally {
      await context.close();
    }
  }
  assert.deepEqual(fates, Array(TABS * ROUNDS).fill("applied"));
});
