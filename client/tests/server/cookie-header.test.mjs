// The reader of the `Cookie` field, beyond the vectors.

import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";

import { allOf } from "../../server/cookie-header.js";

test("blanks inside a value take no more than their number", () => {
  const value = `a${"\t ".repeat(2_000_000)}b`;
  // The square of it would be days.
  const timeout = 60_000;
  const found = runInNewContext("allOf([field], 'session')", { allOf, field: `session=\t ${value} \t` }, { timeout });
  assert.deepEqual([...found], [value]);
});
