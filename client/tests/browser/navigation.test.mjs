// A visitor leaves the page just as a token arrives: its cookies are still set.

import assert from "node:assert/strict";
import { test } from "node:test";

import { newVisitor, PATIENCE, SHORT } from "./support/browser.mjs";
import { cookiesOf } from "./support/demo-page.mjs";
import { LIMIT, setStage } from "./support/stage.mjs";

const stage = setStage();

const TIMES = SHORT ? 6 : 20;
const VISITORS = SHORT ? 2 : 4;

/**
 * Opens a stream and leaves in the same task that brings its token, for an empty page: that loads at
 * once, and nothing there would post again.
 */
async function leaveWithToken() {
  const { listen, ready } = await import("/__apply-cookies/client.js");
  await ready();
  const stream = new EventSource("/demo/sign-in?name=Gone");
  listen(stream);
  stream.addEventListener("apply-cookies", () => location.assign("about:blank"));
}

/** Another tab, which has the lock of all tokens and keeps it. */
async function keepLock() {
  const { settings } = await import("/__apply-cookies/client.js");
  await new Promise((held) =>
    navigator.locks.request(`apply-cookies${settings.endpoint}`, () => (held(), new Promise(() => {}))),
  );
}

for (const [others, prepare] of [
  ["with no other tab", async () => {}],
  [
    "while another tab has the lock",
    async (context, url) => {
      const other = await context.newPage();
      await other.goto(`${url}whoami`);
      await other.evaluate(keepLock);
    },
  ],
]) {
  test(`a cookie whose token arrives as the page is left is there, ${others}`, LIMIT, async () => {
    const { url } = stage.demo;
    const leave = async (context) => {
      const page = await context.newPage();
      await page.goto(url);
      const left = page.waitForURL("about:blank");
      await page.evaluate(leaveWithToken);
      await left;
      let fate = "missing";
      for (let waited = 0; waited < PATIENCE && fate === "missing"; waited += 50) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        if ((await cookiesOf(context, url)).session) fate = "there";
      }
      await page.close();
      return fate;
    };
    const leaveAgainAndAgain = async () => {
      const fates = [];
      const context = await newVisitor(stage.browser);
      try {
        await prepare(context, url);
        while (fates.length < TIMES / VISITORS) {
          fates.push(await leave(context));
          await context.clearCookies({ name: "session" });
        }
      } finally {
        await context.close();
      }
      return fates;
    };
    const fates = (await Promise.all(Array.from({ length: VISITORS }, leaveAgainAndAgain))).flat();
    assert.deepEqual(fates, Array(TIMES).fill("there"));
  });
}
