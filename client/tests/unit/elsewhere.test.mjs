import assert from "node:assert/strict";
import { test } from "node:test";
import { done, open, openDocument, openWith, refusal, serve, serveByHand, settled, Storage } from "./page.mjs";

/** Two tabs. They share the document here, so what both hear is there twice. */
const twoTabs = async () => {
  const events = [];
  openDocument();
  document.addEventListener("apply-cookies:elsewhere", (event) => events.push(event));
  return { tabs: [await open(), await open()], events };
};

test("other tabs hear once that a token was applied, and nothing about the token", async () => {
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

test("they also hear of a token that the previous page had left", async () => {
  globalThis.sessionStorage = new Storage();
  openDocument();
  const first = await open();
  serveByHand();
  first.applyCookies("a");
  leave();
  const left = globalThis.sessionStorage;
  globalThis.sessionStorage = new Storage();
  const seen = openDocument();
  await open();
  // Another tab, and the next page of the first one.
  globalThis.sessionStorage = left;
  serve(done);
  await open();
  await settled();
  assert.deepEqual(seen.map(({ step }) => step), ["posted", "applied", "elsewhere"]);
});

class Denied {
  constructor() {
    throw new DOMException("denied", "SecurityError");
  }
}

for (const [how, Broadcast] of [["is forbidden", Denied], ["does not exist", undefined]]) {
  test(`where BroadcastChannel ${how}, everything else works: resumed tokens, the element, events`, async (t) => {
    globalThis.sessionStorage = new Storage();
    openDocument();
    const first = await open();
    serveByHand();
    first.applyCookies("old");
    leave();

    const seen = openDocument();
    const { customElements, HTMLElement } = globalThis;
    t.after(() => Object.assign(globalThis, { customElements, HTMLElement }));
    const defined = [];
    globalThis.HTMLElement ??= class {};
    globalThis.customElements = { get: () => undefined, define: (name) => defined.push(name) };
    globalThis.BroadcastChannel = Broadcast;
    if (!Broadcast) delete globalThis.BroadcastChannel;
    const posts = serve(done);
    const { applyCookies } = await open();
    await applyCookies("new");
    assert.deepEqual(defined, ["apply-cookies"]);
    assert.deepEqual(posts.map(({ token }) => token), ["old", "new"]);
    assert.deepEqual(seen.map(({ step }) => step), ["posted", "applied", "posted", "applied"]);
  });
}
