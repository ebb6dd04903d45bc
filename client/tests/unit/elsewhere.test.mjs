import assert from "node:assert/strict";
import { test } from "node:test";
import { done, open, openDocument, openWith, refusal, serve, settled } from "./page.mjs";

/** Two tabs. They share the document here, so what both hear is there twice. */
const twoTabs = async () => {
  const events = [];
  openDocument();
  document.addEventListener("apply-cookies:elsewhere", (event) => events.push(event));
  return { tabs: [await open(), await open()], events };
};

test("other tabs hear that a token was applied, once, and nothing of the token", async () => {
  serve(done);
  const { tabs, events } = await twoTabs();
  await tabs[0].applyCookies("secret");
  await settled();
  assert.equal(events.length, 1);
  assert.equal(events[0].detail, null);
});

test("they hear nothing of a token that failed", async () => {
  serve(() => refusal(410, "expired"));
  const { tabs, events } = await twoTabs();
  await assert.rejects(tabs[0].applyCookies("a"));
  await settled();
  assert.equal(events.length, 0);
});

test("tabs of another endpoint hear nothing, those of the same one do", async () => {
  serve(done);
  const { events } = await twoTabs();
  const [one] = [await openWith("/other"), await openWith("/other")];
  await one.applyCookies("a");
  await settled();
  assert.equal(events.length, 1);
});
