// Development: a service of this app's own, on sockets in a fresh folder, that ends with the app.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { hasSecret } from "./environment.js";
import { findProgram, MISSING } from "./program.js";
import { Service } from "./service-node.js";

/** Pages of this machine, on whichever port the app listens. */
export const ORIGINS = ["http://localhost:*", "http://127.0.0.1:*"];

/** The service knows them without a port: it need not learn where the app listens. */
export const knownAs = (/** @type {string} */ origin) => origin.replace(/^(http:\/\/(?:localhost|127\.0\.0\.1)):[0-9]+$/, "$1");

const READY_MS = 10_000;
const PAUSE_MS = 20;

// The shell holds the other end of the app's pipe: that closes with the app, killed or not.
const SUPERVISOR = `folder=$1; shift
exec 3<&0
"$@" </dev/null 3<&- & child=$!
{ read -r _ <&3; kill $child; } 2>/dev/null & watch=$!
exec 3<&-
wait $child; code=$?
kill $watch 2>/dev/null
rm -rf -- "$folder"
exit $code`;

/**
 * @typedef {object} Started
 * @property {string} secret
 * @property {Service} service
 * @property {string} forward the address of its public listener
 * @property {Promise<string | null>} ready the scope of its store
 */

/**
 * @param {{ program?: string, prefix: string, binding: boolean, warn: (message: string) => void }} options
 * @returns {Started}
 */
export const start = ({ program = findProgram() ?? undefined, prefix, binding, warn }) => {
  if (hasSecret()) throw new Error("dev: APPLY_COOKIES_SECRET_KEY is set, so this may be production; start `apply-cookies serve`, and give `service`");
  if (program === undefined) throw new Error(`dev: ${MISSING}`);
  const secret = randomBytes(32).toString("base64url");
  const folder = mkdtempSync(join(tmpdir(), "apply-cookies-"));
  const [publicly, internally] = ["public.sock", "api.sock"].map((name) => `unix:${join(folder, name)}`);
  const args = ["serve", "--listen", publicly, "--api-listen", internally, "--prefix", prefix, ...ORIGINS.flatMap((origin) => ["--origin", origin.slice(0, -2)]), "--binding", binding ? "required" : "optional"];
  // Settings of another deployment, its store and its previous secrets, are not this one's.
  const others = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("APPLY_COOKIES_")));
  const child = spawn("/bin/sh", ["-c", SUPERVISOR, "apply-cookies", folder, program, ...args], {
    env: { RUST_LOG: "warn", ...others, APPLY_COOKIES_SECRET_KEY: secret },
    stdio: ["pipe", "ignore", "inherit"],
    // A terminal's Ctrl-C is for the app; the pipe then ends this.
    detached: true,
  });
  // The child must not keep the app.
  child.unref();
  /** @type {any} */ (child.stdin).unref();
  /** @type {Error | null} */
  let failed = null;
  const fail = (/** @type {string} */ why) => {
    failed = new Error(`dev: ${program} ${why}`);
    warn(failed.message);
  };
  child.on("error", (error) => fail(`cannot be started: ${error.message}`));
  child.on("exit", (code) => fail(code === 127 ? "was not found" : `has ended with ${code}`));
  const service = new Service(internally);

  const wait = async () => {
    for (const end = Date.now() + READY_MS; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))) {
      if (failed) throw failed;
      try {
        const { scope = null } = await service.ask("GET", "/v1/info");
        return scope;
      } catch {
        // Not there yet.
      }
    }
    throw new Error(`dev: ${program} did not answer for ten seconds`);
  };
  return { secret, service, forward: publicly, ready: wait() };
};
