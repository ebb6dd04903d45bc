// The real programs: `apply-cookies demo` and the examples, each on a port of its own.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { within } from "./within.mjs";

const built = (name) => fileURLToPath(new URL(`../../../../target/debug/${name}`, import.meta.url));

/** Starts the demo; `stop` ends this very process, in good order or with an error. */
export const startDemo = (listen = "127.0.0.1:0") =>
  start(
    "the demo",
    process.env.APPLY_COOKIES_BIN ?? built("apply-cookies"),
    "run `cargo build`, or name the program in APPLY_COOKIES_BIN",
    ["demo", "--listen", listen],
    {},
  );

/** Starts an example app: one of the library has the name of its framework. */
export const startExample = (name, { crate = "apply-cookies", env = {} } = {}) =>
  start(
    `the example ${name}`,
    built(`examples/${name}`),
    `run \`cargo build -p ${crate} --examples --all-features\``,
    [],
    { LISTEN: "127.0.0.1:0", APPLY_COOKIES_SECRET_KEY: "", ...env },
    ["SIGTERM", 0], // axum leaves signals to the app, and the example is short
  );

async function start(what, path, remedy, args, env, ends = [0]) {
  if (!existsSync(path)) throw new Error(`there is no ${path}: ${remedy}`);
  const program = spawn(path, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, RUST_LOG: "warn", ...env },
  });
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"]) {
    program[stream].setEncoding("utf8").on("data", (text) => (said[stream] += text));
  }
  // `close` comes after the last output has been read; `exit` may come before it.
  const ended = new Promise((resolve) => program.once("close", (code, signal) => resolve(code ?? signal)));
  const address = new Promise((resolve, reject) => {
    createInterface(program.stdout).once("line", resolve);
    program.once("error", reject);
    ended.then((code) => reject(new Error(`${what} ended with ${code}: ${said.stderr}`)));
  });
  // Handled also where nobody waits any more.
  address.catch(() => {});

  const stop = async () => {
    program.kill("SIGTERM");
    const code = await within(10_000, `${what}: the end`, ended);
    if (!ends.includes(code)) throw new Error(`${what} ended with ${code}: ${said.stderr}`);
  };
  try {
    const url = await within(10_000, `${what}: the address`, address);
    return { url, port: new URL(url).port, said, stop };
  } catch (error) {
    program.kill("SIGKILL");
    throw error;
  }
}
