// Runs an example of the crate that has been built: what it prints to standard output, line by line.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

export function example(name, args, input) {
  const target = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL("../../../../target", import.meta.url));
  const program = `${target}/debug/examples/${name}`;
  if (!existsSync(program)) throw new Error(`there is no ${program}: cargo build -p apply-cookies-auth --examples --all-features`);
  const ended = spawnSync(program, args, { input, encoding: "utf8" });
  if (ended.status !== 0) throw new Error(`${name} ended with ${ended.status}: ${ended.stderr}`);
  return ended.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
}
