// The package as npm gets it, installed into an empty folder, with the README's apps as they stand
// there: in Chromium, behind nginx, with the real service.

import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { launch, PATIENCE } from "../browser/support/browser.mjs";
import { startNginx } from "./support/nginx.mjs";
import { freePort, PROGRAM, startService } from "./support/service.mjs";

const client = fileURLToPath(new URL("../..", import.meta.url));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

let folder, readme, browser;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "apply-cookies-app-"));
  const npm = (...args) => execFileSync("npm", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const [{ filename }] = JSON.parse(execFileSync("npm", ["pack", "--json", "--pack-destination", folder], { cwd: client, encoding: "utf8" }));
  npm("init", "-y");
  // It has no dependencies, so that nothing is fetched.
  npm("install", "--offline", "--no-audit", "--no-fund", join(folder, filename));
  mkdirSync(join(folder, "node_modules/@hono"), { recursive: true });
  for (const name of ["express", "ws", "hono", "@hono/node-server"]) {
    symlinkSync(join(client, "node_modules", name), join(folder, "node_modules", name));
  }
  readme = readFileSync(join(folder, "node_modules/apply-cookies/README.md"), "utf8");
  browser = await launch();
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The README's block that imports this. */
const block = (language, containing) => {
  const blocks = [...readme.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "gs"))].map(([, text]) => text);
  return blocks.find((text) => text.includes(containing)) ?? assert.fail(`no ${language} with ${containing}`);
};

/** Runs an app; without `env` as a developer would: no secret, no origin. */
const start = async (name, text, env = {}) => {
  const port = await freePort();
  writeFileSync(join(folder, name), text);
  const own = Object.fromEntries(Object.entries(process.env).filter(([variable]) => !variable.startsWith("APPLY_COOKIES_")));
  const child = spawn(process.execPath, [name], {
    cwd: folder,
    env: { ...own, APPLY_COOKIES_PROGRAM: PROGRAM, PORT: String(port), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (chunk) => (said += chunk));
  const ended = new Promise((resolve) => child.once("close", resolve));
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; !(await fetch(url).then(({ ok }) => ok, () => false)); tries++) {
    if (child.exitCode !== null || tries > 300) assert.fail(`${name} does not answer: ${said}`);
    await pause(50);
  }
  const stop = async (signal = "SIGTERM") => {
    child.kill(signal);
    await ended;
  };
  return { url, stop, said: () => said };
};

/** The cookie of this name, once the browser has it. */
const cookieOf = async (context, wanted) => {
  for (let tries = 0; tries < 200; tries++) {
    const found = (await context.cookies()).find(({ name }) => name === wanted);
    if (found) return found;
    await pause(50);
  }
  return assert.fail(`no cookie ${wanted}`);
};

/** Signs in, and shows that it holds. */
const signIn = async (url) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  await page.goto(url);
  await page.getByText("nobody").waitFor();
  await page.click("#in");
  await page.getByText("welcome").waitFor();
  // The server has given the cookie out; the answer with it may be a moment behind the event.
  const session = await cookieOf(context, "app_session");
  assert.equal(session.httpOnly, true);
  assert.equal(await page.evaluate(() => document.cookie), "");
  await page.reload();
  await page.getByText("signed in").waitFor();
  return { context, page };
};

const signOut = async ({ context, page }) => {
  await page.click("#out");
  await page.getByText("nobody").waitFor();
  assert.equal((await context.cookies()).some(({ name }) => name === "app_session"), false);
  await context.close();
};

const theme = async ({ context, page }) => {
  await page.click("#dark");
  assert.equal((await cookieOf(context, "theme")).value, "dark");
};

const EXPRESS = () => block("js", 'from "apply-cookies/express"; //');
const HONO = () => block("js", 'from "apply-cookies/hono"');

/** With the service's address in place of `dev`. */
const production = (text, internally) => {
  assert(text.includes("{ dev: true }"));
  return text.replace("{ dev: true }", JSON.stringify({ service: internally }));
};

for (const [name, text, hasSocket] of [["express", EXPRESS, true], ["hono", HONO, false]]) {
  test(`${name}: the README's app runs as it stands`, async () => {
    const app = await start(`${name}.mjs`, text());
    try {
      const visit = await signIn(app.url.replace("127.0.0.1", "localhost"));
      if (hasSocket) await theme(visit);
      await signOut(visit);
    } finally {
      await app.stop();
    }
    assert.equal(app.said(), "");
  });

  test(`${name}: in production, behind nginx with the README's rule`, async () => {
    const port = await freePort();
    const origin = `http://localhost:${port}`;
    const service = await startService([origin]);
    const rule = block("nginx", "location").replace("http://127.0.0.1:8788", service.publicly);
    assert.match(rule, new RegExp(service.publicly));
    const env = { APPLY_COOKIES_SECRET_KEY: service.secret };
    const app = await start(`${name}-production.mjs`, production(text(), service.internally), env);
    const nginx = await startNginx({ app: app.url, rule, port });
    try {
      await service.ready();
      const visit = await signIn(nginx.url);
      if (hasSocket) await theme(visit);
      await signOut(visit);
    } finally {
      await nginx.stop();
      await app.stop();
      await service.stop();
    }
    assert.equal(app.said(), "");
  });
}

test("`npx apply-cookies` runs the program of this platform's package, and says where none is", () => {
  const path = [join(process.execPath, ".."), "/usr/bin", "/bin"].join(":");
  const run = () => spawnSync("npx", ["--offline", "apply-cookies", "keygen"], { cwd: folder, env: { PATH: path, HOME: folder }, encoding: "utf8" });
  const missing = run();
  assert.equal(missing.status, 127);
  assert.match(missing.stderr, /the program apply-cookies is missing/);
  const place = join(folder, "node_modules/@apply-cookies", `${process.platform}-${process.arch}`);
  execFileSync(process.execPath, [join(client, "pack-program.mjs"), process.platform, process.arch, PROGRAM, place]);
  const { status, stdout, stderr } = run();
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^[\w-]{43}\n$/);
});

/** Processes that know of this folder. */
const runningIn = (place) =>
  readdirSync("/proc").filter((pid) => {
    try {
      return /^[0-9]+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(place);
    } catch {
      return false;
    }
  });

test("in development the service ends with the app, however that ends", { skip: process.platform !== "linux" }, async () => {
  for (const signal of ["SIGTERM", "SIGKILL"]) {
    const place = mkdtempSync(join(tmpdir(), "apply-cookies-dev-"));
    const app = await start("dev.mjs", EXPRESS(), { TMPDIR: place });
    assert(runningIn(place).length > 0);
    await app.stop(signal);
    for (let tries = 0; runningIn(place).length > 0 || readdirSync(place).length > 0; tries++) {
      assert(tries < 200, `${signal}: ${runningIn(place)} ${readdirSync(place)}`);
      await pause(50);
    }
    rmSync(place, { recursive: true });
  }
});
