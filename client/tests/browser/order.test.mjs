// Tokens take effect in the order in which tabs got them, whichever tab that was, even while answers
// are lost and the network is gone.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { chosenSeed, randomFrom } from "../support/random.mjs";
import { startRigBehindProxy } from "../support/rig.mjs";

import { launch, newVisitor } from "./support/browser.mjs";
import { endsOf, hand, mint, openTabs, sessionOf } from "./support/rig-tabs.mjs";

const LIMIT = { timeout: 180_000 };
const TABS = 3;
const SEED = chosenSeed();

/** The operations on the one cookie, in the order in which the tokens are minted. */
const OPERATIONS = ["set", "set", "delete", "set", "delete"];

let server;
let browser;
before(async () => {
  server = await startRigBehindProxy({ seed: SEED, lifetime: 60_000 });
  browser = await launch();
}, LIMIT);
after(async () => {
  await browser?.close();
  await server?.stop();
}, LIMIT);

const ORDERS = permutations([...OPERATIONS.keys()]);

function permutations(items) {
  if (items.length < 2) return [items];
  return items.flatMap((first, i) =>
    permutations(items.toSpliced(i, 1)).map((rest) => [first, ...rest]),
  );
}

const isRedemption = ({ path }) => path === "/__apply-cookies";
const DROPPED = [
  { on: "answer", fault: ["lose", "reset", "truncate"], share: 0.3, when: isRedemption },
  { on: "request", fault: ["lose", "truncate", "duplicate"], share: 0.2, when: isRedemption },
];

/** Without it a POST would often be over before the next tab is handed its token. */
const SLOW = [{ on: "request", fault: "delay", share: 0.7, milliseconds: [0, 60], when: isRedemption }];

let round = 0;

/** Hands five tokens to three tabs; `during` may spoil the network meanwhile. */
async function play(context, tabs, order, random, during) {
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
  const known = await server.rig.report();
  const handed = order.map((i) => names[i]);
  const given = handed.toSorted((a, b) => known[a].place - known[b].place);
  assert.deepEqual(given, handed, facts);
  const last = handed.at(-1);
  const expected = last.startsWith("set:") ? last.slice("set:".length) : undefined;
  assert.equal(await sessionOf(context, server.proxy.url), expected, facts);
}

async function stage(t) {
  const context = await newVisitor(browser);
  t.after(() => context.close());
  // Faults are for what happens next, not for opening tabs.
  server.proxy.rules = [];
  return { context, tabs: await openTabs(context, server.proxy.url, TABS), random: randomFrom(SEED) };
}

test("five operations in every order over three tabs", LIMIT, async (t) => {
  const { context, tabs, random } = await stage(t);
  server.proxy.rules = SLOW;
  for (const order of ORDERS) await play(context, tabs, order, random);
  console.log(`${ORDERS.length} orders over ${TABS} tabs, each as handed`);
});

/** Some of the orders, different ones with each seed. */
const some = (number, random) =>
  Array.from({ length: number }, () => ORDERS[Math.floor(random() * ORDERS.length)]);

test("the same while requests and answers are lost", LIMIT, async (t) => {
  const { context, tabs, random } = await stage(t);
  server.proxy.rules = [...DROPPED, ...SLOW];
  const { counts } = server.proxy;
  const orders = some(30, random);
  for (const order of orders) await play(context, tabs, order, random);
  server.proxy.rules = [];
  const faults = Object.keys(counts).filter((what) => /^(answer|request) /.test(what));
  for (const fault of ["answer lose", "answer reset", "answer truncate", "request lose"]) {
    assert.ok(counts[fault] > 0, JSON.stringify(counts));
  }
  console.log(`${orders.length} rounds; ${faults.map((what) => `${what} ${counts[what]}`).join(", ")}`);
});

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// Shorter than a tab's turn: after ten seconds others no longer wait for it.
const GONE = 1_000;

for (const [what, go, comeBack] of [
  ["the endpoint refuses connections", () => server.proxy.goDown(), () => server.proxy.comeBack()],
  ["the browser is offline", (context) => context.setOffline(true), (context) => context.setOffline(false)],
]) {
  test(`the same while ${what} for a while`, LIMIT, async (t) => {
    const { context, tabs, random } = await stage(t);
    server.proxy.rules = SLOW;
    for (const order of some(5, random)) {
      await play(context, tabs, order, random, async () => {
        await pause(random() * 50);
        await go(context);
        await pause(GONE);
        await comeBack(context);
      });
    }
  });
}
