// Five operations on one cookie, handed to three tabs in some order: that in which they take effect.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { chosenSeed, randomFrom } from "../../support/random.mjs";
import { startRigBehindProxy } from "../../support/rig.mjs";

import { launch, newVisitor } from "./browser.mjs";
import { endsOf, hand, mint, openTabs, sessionOf } from "./rig-tabs.mjs";

export const LIMIT = { timeout: 180_000 };
export const TABS = 3;
const SEED = chosenSeed();

/** The operations on the one cookie, in the order in which the tokens are minted. */
const OPERATIONS = ["set", "set", "delete", "set", "delete"];

export const ORDERS = permutations([...OPERATIONS.keys()]);

function permutations(items) {
  if (items.length < 2) return [items];
  return items.flatMap((first, i) =>
    permutations(items.toSpliced(i, 1)).map((rest) => [first, ...rest]),
  );
}

/** Some of the orders, different ones with each seed. */
export const someOrders = (number, random) =>
  Array.from({ length: number }, () => ORDERS[Math.floor(random() * ORDERS.length)]);

export const isRedemption = ({ path }) => path === "/__apply-cookies";

/** Without it a POST would often be over before the next tab is handed its token. */
export const SLOW = [{ on: "request", fault: "delay", share: 0.7, milliseconds: [0, 60], when: isRedemption }];

/** Call it once in a file: one server behind a bad network, and one browser, for all its tests. */
export function setOrderStage() {
  let server, browser, round = 0;
  before(async () => {
    server = await startRigBehindProxy({ seed: SEED, lifetime: 60_000 });
    browser = await launch();
  }, LIMIT);
  after(async () => {
    await browser?.close();
    await server?.stop();
  }, LIMIT);

  return async (t) => {
    const { proxy, rig } = server;
    const context = await newVisitor(browser);
    t.after(() => context.close());
    // Faults are for what happens next, not for opening tabs.
    proxy.rules = [];
    const tabs = await openTabs(context, proxy.url, TABS);
    const random = randomFrom(SEED);

    /** Hands five tokens to three tabs; `during` may spoil the network meanwhile. */
    const play = async (order, during) => {
      const names = OPERATIONS.map((operation, i) => `${operation}:${round}-${i}`);
      round++;
      const tokens = await mint(tabs[0], names);
      const assigned = order.map(() => Math.floor(random() * TABS));
      const spoiling = during?.();
      for (const [place, i] of order.entries()) await hand(tabs[assigned[place]], tokens[i]);
      await spoiling;
      const ends = (await Promise.all(tabs.map((tab) => endsOf(tab, 30_000)))).flat();
      const facts = `order ${order}, tabs ${assigned}, round ${round}, SEED=${SEED}`;
      assert.deepEqual(ends, Array(order.length).fill("applied"), facts);

      // Not only the last one: the store says in which order it gave all of them out.
      const known = await rig.report();
      const handed = order.map((i) => names[i]);
      const given = handed.toSorted((a, b) => known[a].place - known[b].place);
      assert.deepEqual(given, handed, facts);
      const last = handed.at(-1);
      const expected = last.startsWith("set:") ? last.slice("set:".length) : undefined;
      assert.equal(await sessionOf(context, proxy.url), expected, facts);
    };
    return { proxy, context, random, play };
  };
}

// Shorter than a tab's turn: after ten seconds others no longer wait for it.
const GONE = 1_000;

/** Plays some orders while the network goes and comes back. */
export async function playThroughOutages({ proxy, random, play }, go, comeBack) {
  proxy.rules = SLOW;
  for (const order of someOrders(5, random)) {
    await play(order, async () => {
      await pause(random() * 50);
      await go();
      await pause(GONE);
      await comeBack();
    });
  }
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
