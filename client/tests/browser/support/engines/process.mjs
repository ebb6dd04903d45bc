// A browser's processes: started as one group, and ended as one, whatever else they have started.

import { spawn } from "node:child_process";

import { within } from "../within.mjs";

const START = 60_000;
const END = 10_000;

// Without a listener there would be no `exit` event.
const stop = () => process.exit(1);

/**
 * `said` resolves to what the program writes first that fits the pattern, on standard output or error;
 * `ended` once it is gone.
 */
export function begin(path, args, env) {
  const child = spawn(path, args, { detached: true, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  const kill = () => {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // There is no such group any more.
    }
  };
  // Also if this process ends before it could end them in good order.
  process.once("exit", kill);
  process.once("SIGTERM", stop);
  let output = "";
  const listeners = new Set();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
      for (const listener of listeners) listener();
    });
  }
  const ended = new Promise((resolve, reject) => child.once("close", resolve).once("error", reject));
  ended.catch(() => {});
  return {
    output: () => output,
    said: (pattern) => {
      const found = new Promise((resolve, reject) => {
        const look = () => pattern.test(output) && resolve(pattern.exec(output)[1]);
        listeners.add(look);
        look();
        ended.then((code) => reject(new Error(`${path} ended with ${code}: ${output}`)), reject);
      });
      return within(START, `${path}: ${pattern}`, found);
    },
    /** Waits for the program, which has been asked to end, and then for nothing that it started. */
    end: async () => {
      await within(END, `the end of ${path}`, ended).catch(() => {});
      kill();
      process.removeListener("exit", kill).removeListener("SIGTERM", stop);
    },
    ask: () => child.kill("SIGTERM"),
  };
}
