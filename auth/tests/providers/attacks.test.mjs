// Every attack on the callback, and every honest variety of it, against the example on both frameworks.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { attacks } from "./attacks.mjs";
import { honest } from "./honest.mjs";
import { run } from "./support/run.mjs";
import { ours } from "./targets/ours.mjs";

describe("on both frameworks at once", { concurrency: true }, () => {
  for (const framework of ["axum", "actix"]) {
    test(`attacks on the callback, ${framework}`, { timeout: 120_000 }, async (t) => {
      const results = await run(ours(framework), attacks);
      assert.equal(results.length, attacks.length);
      for (const { attack, accepted, said, lacks } of results) {
        const { group, name, does, expected } = attack;
        await t.test(`${group}: ${name}`, () => {
          assert.equal(lacks, undefined);
          assert.equal(accepted, false, does);
          if (expected) assert.ok([expected].flat().includes(said), `${does}: ${said}, and not ${expected}`);
        });
      }
    });

    test(`what good providers do differently, ${framework}`, { timeout: 60_000 }, async (t) => {
      const results = await run(ours(framework), honest);
      for (const { attack, accepted, said } of results) {
        await t.test(attack.name, () => assert.equal(accepted, "the person", `${attack.does}: ${said}`));
      }
    });
  }
});
