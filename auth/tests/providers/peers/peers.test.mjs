// The same attacks on Streamlit and on Apache's mod_auth_openidc, and what docs/sign-ins.md says of them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { attacks } from "../attacks.mjs";
import { table } from "../support/table.mjs";
import { measure } from "./table.mjs";

test("the guide says what each accepts", { timeout: 900_000 }, async (t) => {
  const [axum, actix, ...peers] = await measure(["axum", "actix", "apache", "streamlit"]);
  for (const { name, results } of [axum, actix, ...peers]) assert.equal(results.length, attacks.length, name);
  // One column for both frameworks.
  const accepted = (results) => results.map(({ accepted }) => accepted);
  assert.deepEqual(accepted(actix.results), accepted(axum.results));
  const measured = table([{ ...axum, name: "here" }, ...peers]);
  const guide = new Set(readFileSync(new URL("../../../../docs/sign-ins.md", import.meta.url), "utf8").split("\n"));
  t.diagnostic(`\n${measured.join("\n")}`);
  const unsaid = measured.filter((row) => row.startsWith("| ") && !guide.has(row));
  assert.deepEqual(unsaid, [], "these lines of the table are not in docs/sign-ins.md");
});
