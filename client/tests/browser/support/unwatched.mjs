// A Chromium that no tool is attached to: it prerenders nothing for a page that is watched. A test
// sees only what reaches its server, and its pages act by themselves.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { within } from "./within.mjs";

/** Opens a page in a browser of its own; `stop` ends this very browser. */
export async function openUnwatched(url) {
  const profile = await mkdtemp(join(tmpdir(), "apply-cookies-"));
  const args = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-sync", "--disable-component-update"];
  const program = spawn(
    process.env.CHROMIUM ?? "/usr/bin/chromium",
    [...args, "--no-first-run", `--user-data-dir=${profile}`, "--remote-debugging-port=0", url],
    // A group of its own, since it has children that a signal to it alone may leave behind.
    { stdio: "ignore", detached: true },
  );
  const ended = new Promise((resolve) => program.once("close", resolve));
  return async () => {
    process.kill(-program.pid, "SIGKILL");
    await within(10_000, "the browser's end", ended);
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
}
