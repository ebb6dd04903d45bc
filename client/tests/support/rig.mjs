// The server of the delivery tests: `tests/delivery-rig`, on a port of its own.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { within } from "../browser/support/within.mjs";
import { startFaultProxy } from "./fault-proxy.mjs";

const BUILT = fileURLToPath(new URL("../../../target/debug/examples/delivery-rig", import.meta.url));

/** Starts it for pages of `origin`, with tokens that live for `lifetime` milliseconds. */
export async function startRig(origin, lifetime) {
  const path = process.env.DELIVERY_RIG_BIN ?? BUILT;
  if (!existsSync(path)) {
    throw new Error(
      `there is no ${path}: run \`cargo build -p apply-cookies --features actix --example delivery-rig\`, or name the program in DELIVERY_RIG_BIN`,
    );
  }
  const program = spawn(path, [origin, lifetime], { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  program.stderr.setEncoding("utf8").on("data", (text) => (log += text));
  const ended = new Promise((resolve) => program.once("close", resolve));
  const address = new Promise((resolve, reject) => {
    createInterface(program.stdout).once("line", resolve);
    program.once("error", reject);
    ended.then((code) => reject(new Error(`the rig ended with ${code}: ${log}`)));
  });
  // Handled also where nobody waits any more.
  address.catch(() => {});
  const stop = () => {
    program.kill("SIGKILL");
    return ended;
  };
  try {
    const url = await within(10_000, "the rig's address", address);
    const report = async () => (await fetch(new URL("/report", url))).json();
    return {
      port: new URL(url).port,
      report,
      log: () => log,
      stop,
      /** The report once every receipt has settled. */
      settled: async (patience) => {
        for (const end = Date.now() + patience; ; ) {
          const tokens = await report();
          const open = Object.values(tokens).filter((token) => token.receipt === null).length;
          if (open === 0) return tokens;
          if (Date.now() > end) throw new Error(`${open} receipts have not settled`);
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The rig behind a proxy, whose origin is that of its pages. */
export async function startRigBehindProxy({ seed, lifetime, rules }) {
  const proxy = await startFaultProxy({ seed, rules });
  try {
    const rig = await startRig(proxy.origin, lifetime);
    proxy.port = rig.port;
    const stop = async () => {
      await proxy.stop();
      await rig.stop();
    };
    return { proxy, rig, stop };
  } catch (error) {
    await proxy.stop();
    throw error;
  }
}
