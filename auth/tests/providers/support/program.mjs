// A program of a target, started on loopback in a folder of its own, and ended by its own id.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const LIMIT = 60_000;

/** A port that nothing listens on now. */
export async function freePort() {
  const server = createServer();
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

export function temporaryFolder() {
  const path = mkdtempSync(join(tmpdir(), "providers-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** The clock of a target: ahead of ours by `seconds`, from the next look at it on. Debian's libfaketime. */
export function movableClock(folder) {
  const file = join(folder, "clock");
  const set = (seconds) => writeFileSync(file, `+${seconds}s\n`);
  set(0);
  return {
    set,
    env: {
      // Not FAKETIME, which the library itself reads as a time.
      LD_PRELOAD: process.env.LIBFAKETIME ?? "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    },
  };
}

// Whatever ends the tests ends the programs.
const running = new Set();
process.once("exit", () => running.forEach((program) => program.kill("SIGKILL")));

/** Starts a program, and waits until it listens on the port. */
export async function startProgram(what, path, args, { port, env = {}, cwd, errors } = {}) {
  const program = spawn(path, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  running.add(program);
  let said = "";
  for (const stream of [program.stdout, program.stderr]) stream.setEncoding("utf8").on("data", (text) => (said = (said + text).slice(-1_000_000)));
  let ended = false;
  const end = new Promise((resolve) => {
    program.once("error", (error) => ((ended = true), (said += error), resolve()));
    program.once("close", () => ((ended = true), running.delete(program), resolve()));
  });
  const stop = async () => {
    if (!ended) program.kill("SIGTERM");
    const late = sleep(5_000, undefined, { ref: false });
    await Promise.race([end, late.then(() => program.kill("SIGKILL"))]);
    await end;
  };
  /** Without a chance to finish anything. */
  const kill = () => {
    program.kill("SIGKILL");
    return end;
  };
  const listens = () =>
    new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1", () => (socket.destroy(), resolve(true)));
      socket.once("error", () => resolve(false));
    });
  for (const begun = Date.now(); !(await listens()); await sleep(30)) {
    if (ended || Date.now() - begun > LIMIT) {
      await stop();
      throw new Error(`${what} does not listen on ${port}: ${said}`, { cause: errors?.() });
    }
  }
  return { stop, kill, said: () => said };
}
