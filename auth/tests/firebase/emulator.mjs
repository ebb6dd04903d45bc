// Firebase's own emulator, which `npm ci` has installed.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PROJECT = "demo-example";
const PROGRAM = fileURLToPath(new URL("node_modules/.bin/firebase", import.meta.url));
/** It looks for the network first, and gives up after a while. */
const START = 150_000;

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts it on ports of its own. */
export async function startEmulator() {
  const folder = mkdtempSync(join(tmpdir(), "apply-cookies-firebase-"));
  const place = async () => ({ host: "127.0.0.1", port: await freePort() });
  const emulators = { auth: await place(), hub: await place(), logging: await place(), ui: { enabled: false } };
  writeFileSync(join(folder, "firebase.json"), JSON.stringify({ emulators }));
  const program = spawn(process.execPath, [PROGRAM, "emulators:start", "--only", "auth", "--project", PROJECT], {
    cwd: folder,
    env: { ...process.env, CI: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  const ended = new Promise((resolve) => program.once("close", resolve));
  const ready = new Promise((resolve, reject) => {
    for (const stream of [program.stdout, program.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        said += text;
        if (said.includes("All emulators ready")) resolve();
      });
    }
    ended.then((code) => reject(new Error(`the emulator ended with ${code}: ${said}`)));
    setTimeout(() => reject(new Error(`the emulator is not ready: ${said}`)), START).unref();
  });
  const stop = async () => {
    program.kill("SIGINT");
    const late = setTimeout(() => program.kill("SIGKILL"), 20_000);
    await ended;
    clearTimeout(late);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await ready;
  } catch (error) {
    await stop();
    throw error;
  }
  const host = `127.0.0.1:${emulators.auth.port}`;
  const ask = async (path, body, fields) => {
    const answer = await fetch(`http://${host}/identitytoolkit.googleapis.com/v1/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...fields },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  return {
    host,
    stop,
    /** Opens an account; without an address it is an anonymous one. */
    open: (account) => ask("accounts:signUp?key=demo", { returnSecureToken: true, ...account }),
    /** Changes it, as an administrator does. */
    change: (localId, change) =>
      ask(`projects/${PROJECT}/accounts:update`, { localId, ...change }, { Authorization: "Bearer owner" }),
  };
}
