// The real program: `apply-cookies demo`, on a port of its own.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { within } from "./within.mjs";

const BUILT = fileURLToPath(new URL("../../../../target/debug/apply-cookies", import.meta.url));

/** Starts the demo; `stop` ends this very process, in good order or with an error. */
export async function startDemo(listen = "127.0.0.1:0") {
  const path = process.env.APPLY_COOKIES_BIN ?? BUILT;
  if (!existsSync(path)) {
    throw new Error(
      `there is no ${path}: run \`cargo build\`, or name the program in APPLY_COOKIES_BIN`,
    );
  }
  const program = spawn(path, ["demo", "--listen", listen], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, RUST_LOG: "warn" },
  });
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"]) {
    program[stream].setEncoding("utf8").on("data", (text) => (said[stream] += text));
  }
  // `close` comes after the last word has been read, `exit` may come before it.
  const ended = new Promise((resolve) => program.once("close", resolve));
  const address = new Promise((resolve, reject) => {
    createInterface(program.stdout).once("line", resolve);
    program.once("error", reject);
    ended.then((code) => reject(new Error(`the demo ended with ${code}: ${said.stderr}`)));
  });
  // Handled also where nobody waits any more.
  address.catch(() => {});

  const stop = async () => {
    program.kill("SIGTERM");
    const code = await within(10_000, "the demo's end", ended);
    if (code !== 0) throw new Error(`the demo ended with ${code}: ${said.stderr}`);
  };
  try {
    const url = await within(10_000, "the demo's address", address);
    return { url, port: new URL(url).port, said, stop };
  } catch (error) {
    program.kill("SIGKILL");
    throw error;
  }
}
