// A server that is unreachable, a browser that is offline, and a sign-in that comes too late.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { chosenSeed } from "../support/random.mjs";
import { startRigBehindProxy } from "../support/rig.mjs";

import { launch, newVisitor } from "./support/browser.mjs";
import { endsOf, hand, mint, openTab, openTabs, sessionOf, toldOf } from "./support/rig-tabs.mjs";

const LIMIT = { timeout: 60_000 };

let browser;
before(async () => {
  browser = await launch();
}, LIMIT);
after(() => browser?.close(), LIMIT);

async function stage(t, lifetime) {
  const server = await startRigBehindProxy({ seed: chosenSeed(), lifetime });
  t.after(server.stop);
  const context = await newVisitor(browser);
  t.after(() => context.close());
  return { ...server, context, url: server.proxy.url };
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test("a token is applied once the endpoint is back after five seconds", LIMIT, async (t) => {
  const { proxy, rig, context, url } = await stage(t, 60_000);
  const tab = await openTab(context, url);
  const [token] = await mint(tab, ["set:late"]);
  await proxy.goDown();
  await hand(tab, token);
  await pause(5_000);
  assert.deepEqual(await toldOf(tab), []);
  assert.equal((await rig.report())["set:late"].receipt, null);
  await proxy.comeBack();
  assert.deepEqual(await endsOf(tab, 20_000), ["applied"]);
  assert.deepEqual(await toldOf(tab), [{ step: "applied", detail: null }]);
  assert.equal(await sessionOf(context, url), "late");
  assert.equal((await rig.settled(1_000))["set:late"].receipt, "released");
});

test("offline until the token has expired, both sides are told", LIMIT, async (t) => {
  const { rig, context, url } = await stage(t, 2_000);
  const tab = await openTab(context, url);
  const [token] = await mint(tab, ["set:never"]);
  await context.setOffline(true);
  await hand(tab, token);
  const [end] = await endsOf(tab, 20_000);
  assert.match(end, / expired$/);
  const [{ step, detail }, ...more] = await toldOf(tab);
  assert.deepEqual([step, detail.type, more], ["failed", "expired", []]);
  const known = await rig.settled(20_000);
  assert.deepEqual(known["set:never"], { receipt: "expired", released: 0, redemptions: 0, place: null });
  assert.match(rig.log(), /INFO .*a token expired unredeemed, as far as this process knows; its cookies are lost token=token#[0-9a-f]{8}/);
  await context.setOffline(false);
  assert.equal(await sessionOf(context, url), undefined);
});

test("a sign-in that a page is handed after a sign-out is refused", LIMIT, async (t) => {
  const { rig, context, url } = await stage(t, 60_000);
  const [tab, other] = await openTabs(context, url, 2);
  const [signIn] = await mint(tab, ["set:signed-in"]);
  const [signOut] = await mint(other, ["sign-out:1"]);
  await hand(other, signOut);
  assert.deepEqual(await endsOf(other), ["applied"]);
  await hand(tab, signIn);
  assert.deepEqual(await endsOf(tab), ["410 expired"]);
  assert.deepEqual((await toldOf(tab)).map(({ step, detail }) => [step, detail.type]), [["failed", "expired"]]);
  assert.equal(await sessionOf(context, url), undefined);
  assert.equal((await rig.report())["set:signed-in"].released, 0);
});

test("a sign-in whose POST a sign-out overtakes is refused", LIMIT, async (t) => {
  const { proxy, rig, context, url } = await stage(t, 60_000);
  const [tab, other] = await openTabs(context, url, 2);
  const [signIn] = await mint(tab, ["set:signed-in"]);
  const [signOut] = await mint(other, ["sign-out:1"]);
  const slow = ({ body }) => body.includes(signIn);
  proxy.rules = [{ on: "request", fault: "delay", share: 1, milliseconds: [2_000, 2_000], when: slow }];
  // By hand: the module would not let one tab overtake another.
  const answer = tab.evaluate(async (t) => {
    const body = new URLSearchParams({ t, r: "AAAAAAAAAAAAAAAAAAAAAA" });
    const { status } = await fetch("/__apply-cookies", { method: "POST", body });
    return status;
  }, signIn);
  while (!proxy.counts["request delay"]) await pause(10);
  await hand(other, signOut);
  assert.deepEqual(await endsOf(other), ["applied"]);
  assert.equal(await answer, 410);
  assert.equal(await sessionOf(context, url), undefined);
  assert.equal((await rig.report())["set:signed-in"].released, 0);
});
