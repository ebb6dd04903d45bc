// The two servers behind the proxy, as installed and built, each in its own process.

import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";

import { within } from "../../../client/tests/browser/support/within.mjs";

const HERE = fileURLToPath(new URL("..", import.meta.url));
const PYTHON = named("MESOP_PYTHON");
const PROGRAM = named("APPLY_COOKIES_BIN");

/** Both servers share it; nobody else has it. */
const SECRET = randomBytes(32).toString("base64url");
const ENVIRONMENT = { PATH: process.env.PATH, MESOP_COOKIE_SECRET_KEY: SECRET, PYTHONDONTWRITEBYTECODE: "1" };

function named(variable) {
  const path = process.env[variable];
  if (!path) throw new Error(`${variable} is not set: call tests/mesop/run`);
  return path;
}

/** Runs a script of this folder and returns what it prints. */
export const runPython = (...args) => finished(PYTHON, args);

/** Runs the program on lines of input and returns its lines. */
export const runProgram = (args, input) => finished(PROGRAM, args, `${input}\n`).trimEnd().split("\n");

function finished(command, args, input = "") {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: HERE,
    env: ENVIRONMENT,
    input,
    encoding: "utf8",
    timeout: 20_000,
  });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${error ?? stderr}`);
  return stdout;
}

/** Mesop under gunicorn, told of its proxy. (By itself gunicorn would believe one on its own machine.) */
export const startMesop = ({ workers, basePath = "" }) =>
  start(
    PYTHON,
    ["-m", "gunicorn", `--workers=${workers}`, "--bind=127.0.0.1:0", "app:me"],
    { MESOP_TRUST_PROXY_HEADERS: "true", MESOP_BASE_URL_PATH: basePath },
    /Listening at: (http:\/\/127\.0\.0\.1:\d+)/,
  );

/** apply-cookies in place of Mesop's endpoint, once it redeems tokens from other processes. */
export async function startApplyCookies({ origins, basePath = "" }) {
  const service = await start(
    PROGRAM,
    ["serve", "--profile=mesop", "--listen=127.0.0.1:0", ...origins.map((origin) => `--origin=${origin}`)],
    { NO_COLOR: "1", MESOP_BASE_URL_PATH: basePath },
    /listening.*address=(127\.0\.0\.1:\d+)/,
    (address) => `http://${address}`,
  );
  const ready = async () => {
    while ((await fetch(`${service.address}/readyz`)).status !== 200) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  try {
    await within(20_000, "the service's readiness", ready());
  } catch (error) {
    await service.stop();
    throw error;
  }
  return service;
}

async function start(command, args, environment, listening, addressOf = (found) => found) {
  const child = spawn(command, args, {
    cwd: HERE,
    env: { ...ENVIRONMENT, ...environment },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const what = [command].join(" ");
  let said = "";
  const ended = new Promise((resolve) => child.once("close", resolve));
  const address = new Promise((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (text) => {
      said += text;
      const found = listening.exec(said)?.[1];
      if (found) resolve(addressOf(found));
    });
    child.once("error", reject);
    ended.then((code) => reject(new Error(`${what} ended with ${code}:\n${said}`)));
  });
  // Handled also where nobody waits any more.
  address.catch(() => {});
  const stop = async () => {
    child.kill("SIGTERM");
    try {
      await within(15_000, "the end of a server", ended);
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
  };
  try {
    return { address: await within(20_000, `the address of ${what}`, address), stop };
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
}
