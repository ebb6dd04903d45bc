// The real program: `apply-cookies demo`, on a port of its own.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { within } from "./within.mjs";

const BUILT = fileURLToPath(new URL("../../../../target/debug/apply-cookies", import.meta.url));

/** Starts the demo; `stop` ends this very process and waits until it is gone. */
export async function startDemo() {
  const path = process.env.APPLY_COOKIES_BIN ?? BUILT;
  if (!existsSync(path)) {
    throw new Error(
      `there is no ${path}: run \`cargo build --features service\`, or name the program in APPLY_COOKIES_BIN`,
    );
  }
  const program = spawn(path, ["demo", "--listen", "127.0.0.1:0"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, RUST_LOG: "warn" },
  });
  let said = "";
  program.stderr.setEncoding("utf8").on("data", (text) => (said += text));
  const ended = new Promise((resolve) => program.once("exit", resolve));
  const address = new Promise((resolve, reject) => {
    createInterface(program.stdout).once("line", resolve);
    program.once("error", reject);
    ended.then((code) => reject(new Error(`the demo ended with ${code}: ${said}`)));
  });
  // Handled also where nobody waits any more.
  address.catch(() => {});

  const stop = async () => {
    if (program.exitCode !== null || program.signalCode !== null) return;
    program.kill("SIGTERM");
    await within(10_000, "the demo's end", ended);
  };
  try {
    const url = await within(10_000, "the demo's address", address);
    return { url, port: new URL(url).port, stop };
  } catch (error) {
    program.kill("SIGKILL");
    throw error;
  }
}
