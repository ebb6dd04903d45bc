// Ten thousand sign-ins over a bad network: the real module, the real server, and between them a proxy
// that loses answers and requests. Each ends with the cookie in the browser or with a failure that both
// sides know about; none is silently lost, and none is given out under two redemption ids.
//
// SIGN_INS sets their number in the first part; SEED sets which faults hit, as far as requests come in
// the same order again.

import assert from "node:assert/strict";
import { test } from "node:test";

import { within } from "../browser/support/within.mjs";
import { mint, openBrowser } from "../support/node-browser.mjs";
import { chosenSeed, randomFrom } from "../support/random.mjs";
import { startRigBehindProxy } from "../support/rig.mjs";

import { summary } from "./summary.mjs";

const SIGN_INS = Number(process.env.SIGN_INS ?? 10_000);
const SEED = chosenSeed();
const LIMIT = { timeout: 300_000 };

/** How long a POST may hang before the module gives it up, and a receipt is late, with room to spare. */
const SLACK = 20_000;

const isRedemption = ({ path }) => path === "/__apply-cookies";
const request = (fault, share, milliseconds) => ({ on: "request", fault, share, milliseconds, when: isRedemption });
const answer = (fault, share, milliseconds) => ({ on: "answer", fault, share, milliseconds, when: isRedemption });

/** Tokens per stream, few enough that none gets too old: streams are not under test here. */
const PER_STREAM = 10;

const DROPPED = ["lose", "reset", "truncate"];

/** A tenth of the first part, and at least one for each browser. */
const few = Math.max(50, Math.round(SIGN_INS / 10));

const PARTS = [
  { name: "20 % of the answers dropped", signIns: SIGN_INS, browsers: 100, pause: 1_000, rules: [answer(DROPPED, 0.2)] },
  { name: "20 % of the requests lost", signIns: few, browsers: 50, rules: [request("lose", 0.2)] },
  { name: "20 % of the requests sent twice", signIns: few, browsers: 50, rules: [request("duplicate", 0.2)] },
  { name: "20 % of the requests cut in half", signIns: few, browsers: 50, rules: [request("truncate", 0.2)] },
  {
    name: "everything at once",
    signIns: few,
    browsers: 50,
    rules: [
      request(["lose", "duplicate", "truncate"], 0.2),
      request("delay", 0.1, [10, 500]),
      request("stall", 0.01),
      answer(DROPPED, 0.2),
      answer("delay", 0.1, [10, 500]),
      answer("stall", 0.01),
    ],
  },
  {
    name: "hardly anything passes, tokens live for 1.5 s",
    signIns: few,
    browsers: 100,
    lifetime: 1_500,
    perStream: 1,
    rules: [request("lose", 0.75), answer(DROPPED, 0.5)],
    mustFail: true,
  },
];

/** Gives one token to the module; returns how it ended, after how long, and with which cookie. */
async function apply(browser, name, token, lifetime) {
  const began = performance.now();
  const end = browser.client.applyCookies(token).then(
    () => "applied",
    (error) => error.type,
  );
  const ended = await within(lifetime + SLACK, "an end", end).catch(() => "silence");
  return { name, token, ended, took: performance.now() - began, cookie: browser.jar.get("session") };
}

/** What the proxy saw of each token. */
function watch(proxy) {
  const seen = new Map();
  proxy.witness = ({ body, end, status }) => {
    const token = new URLSearchParams(body.toString()).get("t");
    if (!seen.has(token)) seen.set(token, []);
    seen.get(token).push(status === undefined ? end : `${end} ${status}`);
  };
  return (token) => seen.get(token) ?? [];
}

/** Judges one sign-in by what page, proxy, handler and store know about it; returns its category. */
function judge({ name, ended, cookie, token }, known, seen) {
  const facts = `${name} ended as ${ended}; ${JSON.stringify(known)}; ${seen(token)}; SEED=${SEED}`;
  assert.ok(known, facts);
  if (ended === "silence") return "silence";
  assert.equal(known.released > 0, known.receipt === "released", facts);
  if (ended === "applied") {
    assert.equal(known.receipt, "released", facts);
    assert.equal(`set:${cookie}`, name, facts);
    assert.ok(seen(token).includes("answered 204"), facts);
    return "applied";
  }
  assert.equal(ended, "expired", facts);
  assert.ok(!seen(token).includes("answered 204"), facts);
  if (known.receipt === "expired") return "expired";
  // Nobody can do better: the server has given it out in time, and none of its answers came through.
  assert.ok(seen(token).some((end) => /^answer lost( 204)?$/.test(end)), facts);
  return "answers lost";
}

/** Prints what happened, and checks what must never happen, whatever the network does. */
function report({ name, kinds, known, counts, seconds }) {
  console.log(summary({ name, seed: SEED, kinds, known, counts, seconds }));
  const silent = kinds.filter(({ kind }) => kind === "silence");
  const twice = Object.keys(known).filter((name) => known[name].redemptions > 1);
  assert.deepEqual({ silent, twice }, { silent: [], twice: [] }, `SEED=${SEED}`);
  assert.equal(Object.keys(known).length, kinds.length);
}

/** Counts the failure events that a page would see. The module looks for the document each time. */
function countEvents() {
  const counts = { applied: 0, failed: 0 };
  // Set when all modules are loaded: with a document they would talk to one another as tabs do.
  globalThis.document = new EventTarget();
  for (const step of ["applied", "failed"]) {
    document.addEventListener(`apply-cookies:${step}`, () => counts[step]++);
  }
  return { counts, stop: () => delete globalThis.document };
}

async function openBrowsers(number, origin, lifetime) {
  const browsers = await Promise.all(
    Array.from({ length: number }, () => openBrowser(origin, lifetime)),
  );
  await Promise.all(browsers.map((browser) => browser.client.ready()));
  return browsers;
}

for (const part of PARTS) {
  const { name, signIns, browsers: number, rules, mustFail = false } = part;
  const { lifetime = 60_000, perStream = PER_STREAM, pause = 300 } = part;
  test(name, LIMIT, async (t) => {
    const { proxy, rig, stop } = await startRigBehindProxy({ seed: SEED, lifetime, rules });
    t.after(stop);
    const browsers = await openBrowsers(number, proxy.origin, lifetime);
    const seen = watch(proxy);
    const events = countEvents();
    t.after(events.stop);
    const began = performance.now();

    // Between its sign-ins a browser rests, or the time to the cookie would be that of a full processor.
    const random = randomFrom(SEED);
    let next = 0;
    let over = false;
    t.after(() => (over = true));
    const ends = [];
    await Promise.all(
      browsers.map(async (browser) => {
        while (!over && next < signIns) {
          const length = Math.min(perStream, signIns - next);
          const names = Array.from({ length }, () => `set:${next++}`);
          const tokens = await mint(browser, names);
          for (const [i, name] of names.entries()) {
            ends.push(await apply(browser, name, tokens[i], lifetime));
            await new Promise((resolve) => setTimeout(resolve, random() * pause));
          }
        }
      }),
    );
    const seconds = (performance.now() - began) / 1000;
    const known = await rig.settled(lifetime + SLACK);

    const kinds = ends.map((end) => ({ kind: judge(end, known[end.name], seen), took: end.took }));
    report({ name, kinds, known, counts: proxy.counts, seconds });
    assert.equal(ends.length, signIns);
    const without = kinds.filter(({ kind }) => kind !== "applied").length;
    assert.deepEqual(events.counts, { applied: signIns - without, failed: without });
    assert.equal(without > 0, mustFail, "the part must be as hard as it is meant to be");
  });
}

test("two tabs have the same token, and 20 % of the answers are dropped", LIMIT, async (t) => {
  const lifetime = 60_000;
  const rules = [answer(DROPPED, 0.2)];
  const { proxy, rig, stop } = await startRigBehindProxy({ seed: SEED, lifetime, rules });
  t.after(stop);
  const browsers = await openBrowsers(20, proxy.origin, lifetime);
  const used = [];
  await Promise.all(
    browsers.map(async (browser, i) => {
      const other = await openBrowser(proxy.origin, lifetime, browser.jar);
      const names = Array.from({ length: Math.ceil(few / 20) }, (_, k) => `set:${i}-${k}`);
      for (const [k, token] of (await mint(browser, names)).entries()) {
        const both = [browser, other].map((tab) => apply(tab, names[k], token, lifetime));
        const ends = (await Promise.all(both)).map(({ ended }) => ended).sort();
        // Each has drawn a redemption id of its own: one of them wins, and its retries win again.
        assert.deepEqual(ends, ["applied", "used"], `${names[k]}; SEED=${SEED}`);
        assert.equal(`set:${browser.jar.get("session")}`, names[k]);
        used.push(names[k]);
      }
    }),
  );
  const known = await rig.settled(lifetime + SLACK);
  for (const name of used) {
    const { receipt, redemptions } = known[name];
    assert.deepEqual([receipt, redemptions], ["released", 1], `${name}; SEED=${SEED}`);
  }
  const faults = DROPPED.reduce((sum, fault) => sum + (proxy.counts[`answer ${fault}`] ?? 0), 0);
  console.log(`${t.name} (seed ${SEED})\n  ${used.length} tokens: each applied in one tab and refused in the other; ${faults} answers dropped`);
});

test("the endpoint goes away and does not come back", LIMIT, async (t) => {
  const lifetime = 3_000;
  const { proxy, rig, stop } = await startRigBehindProxy({ seed: SEED, lifetime, rules: [] });
  t.after(stop);
  const browsers = await openBrowsers(50, proxy.origin, lifetime);
  const seen = watch(proxy);
  const events = countEvents();
  t.after(events.stop);
  const began = performance.now();
  const rounds = 4;
  const begun = await Promise.all(
    browsers.map(async (browser, i) => {
      const names = Array.from({ length: rounds }, (_, round) => `set:${i}-${round}`);
      const tokens = await mint(browser, names);
      // The first has its answer before the endpoint goes.
      const first = await apply(browser, names[0], tokens[0], lifetime);
      const rest = () => names.slice(1).map((name, k) => apply(browser, name, tokens[k + 1], lifetime));
      return { first, rest };
    }),
  );
  await proxy.goDown();
  const ends = await Promise.all(begun.flatMap(({ first, rest }) => [first, ...rest()]));
  const seconds = (performance.now() - began) / 1000;
  const known = await rig.settled(lifetime + SLACK);
  const kinds = ends.map((end) => ({ kind: judge(end, known[end.name], seen), took: end.took }));
  report({ name: t.name, kinds, known, counts: proxy.counts, seconds });
  const count = (kind) => kinds.filter((end) => end.kind === kind).length;
  assert.equal(ends.length, 50 * rounds);
  // No answers were lost except those on their way at that moment.
  assert.ok(count("expired") >= 50 * (rounds - 1), JSON.stringify(events.counts));
  assert.deepEqual(events.counts, { applied: count("applied"), failed: ends.length - count("applied") });
});
