#!/usr/bin/env node
// `npx apply-cookies serve`: runs the program, and ends as it does.

import { spawn } from "node:child_process";

import { findProgram, MISSING } from "../server/program.js";

const program = findProgram();
if (program === null) {
  console.error(MISSING);
  process.exit(127);
}
const child = spawn(program, process.argv.slice(2), { stdio: "inherit" });
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(`${program}: ${error.message}`);
  process.exit(126);
});
child.on("exit", (code, signal) => {
  if (signal === null) process.exit(code ?? 1);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
