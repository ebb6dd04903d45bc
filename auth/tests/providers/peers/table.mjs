// Runs the attacks on the targets that are named, and prints the table. With --all: also what each has refused.
//
//     node peers/table.mjs [--all] axum actix apache streamlit

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import { attacks } from "../attacks.mjs";
import { run } from "../support/run.mjs";
import { table } from "../support/table.mjs";
import { apache } from "../targets/apache.mjs";
import { ours } from "../targets/ours.mjs";
import { streamlit } from "../targets/streamlit.mjs";

const install = fileURLToPath(new URL("install", import.meta.url));

/** What the targets of these names make of the attacks. */
export async function measure(names) {
  const columns = names.map((name) => {
    if (name === "apache") return { target: apache };
    if (name === "streamlit") return { target: streamlit(execFileSync(install, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim()) };
    return { target: ours(name), ours: true };
  });
  return Promise.all(columns.map(async ({ target, ours }) => ({ name: target.name, version: target.version(), ours, results: await run(target, attacks) })));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [all, names] = [process.argv.includes("--all"), process.argv.slice(2).filter((name) => !name.startsWith("--"))];
  console.log(table(await measure(names), { all }).join("\n"));
}
