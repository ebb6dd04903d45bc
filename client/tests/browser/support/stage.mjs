// One program and one browser for all tests of a file.

import { after, before } from "node:test";

import { launch, SHORT } from "./browser.mjs";
import { startDemo } from "./program.mjs";

/** Longest time for one test, in milliseconds. */
export const LIMIT = { timeout: SHORT ? 180_000 : 60_000 };

/** Call it once in a file, and read `demo` and `browser` inside the tests. */
export function setStage() {
  const stage = {};
  before(async () => {
    stage.demo = await startDemo();
    stage.browser = await launch();
  }, LIMIT);
  after(async () => {
    await stage.browser?.close();
    await stage.demo?.stop();
  }, LIMIT);
  return stage;
}
