// Tokens take effect in the order in which tabs got them, whichever tab that was, even while answers
// are lost and the network is gone.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ENGINE, SHORT } from "./support/browser.mjs";
import { LIMIT, ORDERS, SLOW, TABS, isRedemption, playThroughOutages, setOrderStage, someOrders } from "./support/order.mjs";

const stage = setOrderStage();

// Over HTTP/1.1 Firefox, and without TLS Chromium, take half of an answer's head for the whole: it has
// the status, and cookies that are cut off or missing.
const LOST = ENGINE === "webkit" ? ["lose", "reset", "truncate"] : ["lose", "reset"];

const DROPPED = [
  { on: "answer", fault: LOST, share: 0.3, when: isRedemption },
  { on: "request", fault: ["lose", "truncate", "duplicate"], share: 0.2, when: isRedemption },
];

test("five operations in every order over three tabs", LIMIT, async (t) => {
  const { proxy, random, play } = await stage(t);
  proxy.rules = SLOW;
  const orders = SHORT ? someOrders(20, random) : ORDERS;
  for (const order of orders) await play(order);
  console.log(`${orders.length} orders over ${TABS} tabs, each as handed`);
});

test("the same while requests and answers are lost", LIMIT, async (t) => {
  const { proxy, random, play } = await stage(t);
  proxy.rules = [...DROPPED, ...SLOW];
  const { counts } = proxy;
  const orders = someOrders(30, random);
  for (const order of orders) await play(order);
  proxy.rules = [];
  const faults = Object.keys(counts).filter((what) => /^(answer|request) /.test(what));
  for (const fault of [...LOST.map((fault) => `answer ${fault}`), "request lose"]) {
    assert.ok(counts[fault] > 0, JSON.stringify(counts));
  }
  console.log(`${orders.length} rounds; ${faults.map((what) => `${what} ${counts[what]}`).join(", ")}`);
});

test("the same while the endpoint refuses connections for a while", LIMIT, async (t) => {
  const played = await stage(t);
  await playThroughOutages(played, played.proxy.goDown, played.proxy.comeBack);
});
