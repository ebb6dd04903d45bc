// The real service, beside an app of a test.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const built = fileURLToPath(new URL("../../../../target/debug/apply-cookies", import.meta.url));

/** `APPLY_COOKIES_PROGRAM`, or what this repository has built, or what is installed. */
export const PROGRAM = process.env.APPLY_COOKIES_PROGRAM ?? (existsSync(built) ? built : "apply-cookies");

/** Printed in the specification, and nobody's secret. */
export const SECRET = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A port that nobody had a moment ago. */
export const freePort = async () => {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
};

/**
 * Starts `serve` with a secret of its own (it refuses published ones); `stop` ends this very process.
 * @param {string[]} origins
 */
export async function startService(origins, { api = true, more = [], secret = randomBytes(32).toString("base64url") } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "apply-cookies-"));
  const socket = join(folder, "api.sock");
  const publicly = `http://127.0.0.1:${await freePort()}`;
  const args = ["serve", "--listen", publicly.slice("http://".length), ...origins.flatMap((one) => ["--origin", one]), ...more];
  if (api) args.push("--api-listen", `unix:${socket}`);
  const child = spawn(PROGRAM, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, APPLY_COOKIES_SECRET_KEY: secret, RUST_LOG: "info" },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (said += text));
  const ended = new Promise((resolve) => child.once("close", resolve));
  child.once("error", (error) => (said += error.message));
  const answers = () => fetch(`${publicly}/healthz`).then(() => true, () => false);
  for (let tries = 0; !(await answers()) || (api && !existsSync(socket)); tries++) {
    if (child.exitCode !== null || tries > 500) throw new Error(`${PROGRAM} ${args.join(" ")}: ${said}`);
    await pause(20);
  }
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  /** Until it lets in tokens without a scope. */
  const ready = async () => {
    while ((await fetch(`${publicly}/readyz`)).status !== 200) await pause(100);
  };
  return { secret, publicly, internally: `unix:${socket}`, said: () => said, ready, stop };
}
