// Runs the examples of the crate, which have been built.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { startExample } from "../../../../client/tests/browser/support/program.mjs";

/** Starts an app, on a port of its own. */
export const startApp = (name, env) => startExample(name, { crate: "apply-cookies-auth", env });

/** Runs a program to its end: what it prints to standard output, line by line. */
export function example(name, args, input) {
  const target = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL("../../../../target", import.meta.url));
  const program = `${target}/debug/examples/${name}`;
  if (!existsSync(program)) throw new Error(`there is no ${program}: cargo build -p apply-cookies-auth --examples --all-features`);
  const ended = spawnSync(program, args, { input, encoding: "utf8" });
  if (ended.status !== 0) throw new Error(`${name} ended with ${ended.status}: ${ended.stderr}`);
  return ended.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
}
