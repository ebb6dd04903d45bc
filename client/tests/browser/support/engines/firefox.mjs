// Firefox, over WebDriver BiDi.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import WebSocket from "ws";

import { within } from "../within.mjs";

import { Page } from "./page.mjs";
import { begin } from "./process.mjs";

const PATH = process.env.FIREFOX ?? "firefox-esr";

const PREFERENCES = {
  // JSON is shown as text, not on a page of Firefox's own, where no script can be loaded.
  "devtools.jsonview.enabled": false,
  // A hidden tab's timers are as quick as others', as Playwright has it in Chromium. Otherwise a tab
  // that asks again after some lost answers exceeds its turn, which ends after ten seconds.
  "dom.min_background_timeout_value_without_budget_throttling": 4,
  "dom.timeout.enable_budget_timer_throttling": false,
};

/** Firefox's number for a browser that keeps no cookies. */
const BLOCKED = { "network.cookie.cookieBehavior": 2 };

export async function launch({ cookies } = {}) {
  const profile = await mkdtemp(join(tmpdir(), "apply-cookies-firefox-"));
  const preferences = Object.entries({ ...PREFERENCES, ...(cookies === "blocked" && BLOCKED) });
  await writeFile(
    join(profile, "user.js"),
    preferences.map(([name, value]) => `user_pref("${name}", ${value});\n`).join(""),
  );
  const args = ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port=0"];
  // As root it refuses a home that belongs to somebody else.
  const program = begin(PATH, args, { HOME: profile });
  const close = async () => {
    await program.end();
    await rm(profile, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    const send = await connect(`${await program.said(/WebDriver BiDi listening on (ws:\S+)/)}/session`);
    const { capabilities } = await send("session.new", { capabilities: { alwaysMatch: { acceptInsecureCerts: true } } });
    return {
      version: () => `Firefox ${capabilities.browserVersion}`,
      newContext: () => newContext(send),
      close: async () => {
        await within(5_000, "an answer", send("browser.close", {})).catch(() => program.ask());
        await close();
      },
    };
  } catch (error) {
    program.ask();
    await close();
    throw error;
  }
}

/** A function that sends a command and resolves to its result. */
async function connect(address) {
  const socket = new WebSocket(address, { handshakeTimeout: 30_000 });
  const open = new Map();
  socket.on("message", (message) => {
    const { id, result, error, message: why } = JSON.parse(message);
    open.get(id)?.(error ? Promise.reject(new Error(`${error}: ${why}`)) : result);
    open.delete(id);
  });
  const gone = new Promise((_, reject) => {
    socket.once("close", () => reject(new Error("Firefox is gone"))).once("error", reject);
  });
  gone.catch(() => {});
  await Promise.race([gone, new Promise((resolve) => socket.once("open", resolve))]);
  let last = 0;
  return (method, params) => {
    const id = ++last;
    const answer = new Promise((resolve) => open.set(id, resolve));
    socket.send(JSON.stringify({ id, method, params }));
    return Promise.race([gone, answer]);
  };
}

/** Firefox calls it a user context. */
async function newContext(send) {
  const { userContext } = await send("browser.createUserContext", {});
  const partition = { type: "storageKey", userContext };
  let patience;
  return {
    setDefaultTimeout: (milliseconds) => (patience = milliseconds),
    setDefaultNavigationTimeout: () => {},
    newPage: async () => {
      const { context } = await send("browsingContext.create", { type: "tab", userContext });
      return new Page(tabOf(send, context), patience);
    },
    cookies: async (url) => {
      const filter = { domain: new URL(url).hostname };
      const { cookies } = await send("storage.getCookies", { filter, partition });
      return cookies.map(({ value, sameSite, ...cookie }) => ({
        ...cookie,
        value: value.value,
        sameSite: sameSite[0].toUpperCase() + sameSite.slice(1),
      }));
    },
    clearCookies: (filter) => send("storage.deleteCookies", { filter, partition }),
    close: () => send("browser.removeUserContext", { userContext }),
  };
}

const tabOf = (send, context) => ({
  goto: (url) => send("browsingContext.navigate", { context, url, wait: "complete" }),
  reload: () => send("browsingContext.reload", { context, wait: "complete" }),
  address: async () => (await send("browsingContext.getTree", { root: context, maxDepth: 0 })).contexts[0].url,
  close: () => send("browsingContext.close", { context }),
  run: async (expression) => {
    const { result, exceptionDetails } = await send("script.evaluate", {
      expression: `(async () => JSON.stringify(await ${expression}))()`,
      awaitPromise: true,
      target: { context },
    });
    if (exceptionDetails) throw new Error(exceptionDetails.text);
    return result.value;
  },
});
