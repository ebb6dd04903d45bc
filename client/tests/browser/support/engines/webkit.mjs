// WebKit, the engine of Safari, as WebKitGTK: its MiniBrowser, over WebDriver, on a display of its own.

import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

import { Page } from "./page.mjs";
import { begin } from "./process.mjs";

const PATH = process.env.WEBKIT_DRIVER ?? "WebKitWebDriver";

export async function launch({ cookies } = {}) {
  const args = ["--automation", ...(cookies === "blocked" ? ["--cookies-policy=never"] : [])];
  // It finds a free number, and writes it.
  const screen = begin("Xvfb", ["-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"]);
  const sessions = new Set();
  const close = async () => {
    await Promise.all([...sessions].map((session) => session.close()));
    screen.ask();
    await screen.end();
  };
  try {
    const display = `:${await screen.said(/^(\d+)\n/m)}`;
    const open = async () => {
      const session = await startSession(args, display);
      sessions.add(session);
      return session;
    };
    let first = await open();
    const { version } = first;
    return {
      version: () => `WebKitGTK ${version}`,
      newContext: async () => {
        const session = first ?? (await open());
        first = undefined;
        return newContext(session);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A driver has one session, and a session is one browser: other sessions share none of its cookies. */
async function startSession(args, display) {
  const port = await freePort();
  const driver = begin(PATH, [`--port=${port}`], { DISPLAY: display, NO_AT_BRIDGE: "1" });
  const ask = async (method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(60_000),
    });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path}: ${value.error}: ${value.message}`);
    return value;
  };
  try {
    for (let tries = 200; !(await ask("GET", "/status").catch(() => false)); tries -= 1) {
      if (tries === 0) throw new Error(`${PATH} does not answer: ${driver.output()}`);
      await pause(50);
    }
    const { sessionId, capabilities } = await ask("POST", "/session", {
      capabilities: { alwaysMatch: { acceptInsecureCerts: true, "webkitgtk:browserOptions": { args } } },
    });
    const path = `/session/${sessionId}`;
    const send = (method, command, body) => ask(method, `${path}/${command}`, body);
    let last;
    return {
      version: capabilities.browserVersion,
      send,
      /** Commands go to the current window, so one window at a time has its turn. */
      inTurn: (work) => (last = Promise.resolve(last).then(work, work)),
      close: async () => {
        await ask("DELETE", path).catch(() => {});
        driver.ask();
        await driver.end();
      },
    };
  } catch (error) {
    driver.ask();
    await driver.end();
    throw error;
  }
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function newContext({ send, inTurn, close }) {
  let patience, aside, current;
  // The one that every session begins with.
  let spare = await send("GET", "window");
  /** Sends a command to this window. */
  const commander = async () => {
    const handle = spare ?? (await inTurn(() => send("POST", "window/new", { type: "window" }))).handle;
    spare = undefined;
    return (method, command, body) =>
      inTurn(async () => {
        if (current !== handle) await send("POST", "window", { handle });
        current = handle;
        return send(method, command, body);
      });
  };
  /** A driver tells only of the cookies of an open page: one of this origin that says nothing. */
  const lookAside = async (url) => {
    aside ??= await commander();
    const nowhere = new URL("/favicon.ico", url).href;
    if ((await aside("GET", "url")) !== nowhere) await aside("POST", "url", { url: nowhere });
    return aside;
  };
  return {
    setDefaultTimeout: (milliseconds) => (patience = milliseconds),
    setDefaultNavigationTimeout: () => {},
    newPage: async () => new Page(tabOf(await commander()), patience),
    cookies: async (url) => (await lookAside(url))("GET", "cookie"),
    clearCookies: async ({ name }) => aside("DELETE", `cookie/${name}`),
    close,
  };
}

const tabOf = (command) => ({
  goto: (url) => command("POST", "url", { url }),
  reload: () => command("POST", "refresh", {}),
  address: () => command("GET", "url"),
  close: () => command("DELETE", "window"),
  run: async (expression) => {
    const [error, json] = await command("POST", "execute/async", {
      script: `const done = arguments[arguments.length - 1];
        (async () => JSON.stringify(await ${expression}))().then((json) => done([null, json]), (error) => done([String(error)]));`,
      args: [],
    });
    if (error) throw new Error(error);
    return json ?? undefined;
  },
});
