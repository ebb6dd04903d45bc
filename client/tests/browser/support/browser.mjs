// Chromium, as it is installed; or the engine that ENGINE names, for tests that need no more of a page
// than ./engines/page.mjs has.

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chromium } from "playwright-core";

export const ENGINE = process.env.ENGINE ?? "chromium";

/** Other engines show that they do the same; Chromium shows that it never goes wrong. */
export const SHORT = ENGINE !== "chromium";

/** The longest wait for anything in a page, in milliseconds. Other browsers are slow to open a tab. */
export const PATIENCE = SHORT ? 30_000 : 10_000;

/** With `cookies: "blocked"` it keeps none, as if a visitor had switched them off. */
export async function launch({ cookies, ...options } = {}) {
  if (SHORT) return (await import(`./engines/${ENGINE}.mjs`)).launch({ cookies });
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  if (!existsSync(executablePath)) {
    throw new Error(`there is no ${executablePath}: install Chromium, or name it in CHROMIUM`);
  }
  const settings = {
    ...options,
    executablePath,
    timeout: 30_000,
    // It must not look for hosts of its own while a test counts requests.
    args: [
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-gpu",
      "--disable-quic",
      "--disable-sync",
      "--no-first-run",
    ],
  };
  // Once in some hundreds of times Chromium crashes while it starts (SIGSEGV, seen with 156). Nothing
  // has been tested by then, so it may try again; what a page does is never tried twice.
  for (let tries = 3; ; tries -= 1) {
    try {
      return await (cookies === "blocked" ? launchWithoutCookies(settings) : chromium.launch(settings));
    } catch (error) {
      if (tries === 1 || !/signal=SIGSEGV/.test(error.message)) throw error;
      console.error("Chromium crashed while it started; starting it again");
    }
  }
}

/** The setting belongs to a profile, and so to its one context. */
async function launchWithoutCookies(settings) {
  const profile = mkdtempSync(join(tmpdir(), "apply-cookies-chromium-"));
  const remove = () => rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
  mkdirSync(join(profile, "Default"));
  const preferences = { profile: { default_content_setting_values: { cookies: 2 } } };
  writeFileSync(join(profile, "Default", "Preferences"), JSON.stringify(preferences));
  try {
    const context = await chromium.launchPersistentContext(profile, settings);
    const close = () => context.close().finally(remove);
    return { version: () => context.browser().version(), newContext: async () => context, close };
  } catch (error) {
    remove();
    throw error;
  }
}

/** A browser of its own: other contexts share none of its cookies. */
export async function newVisitor(browser, options) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PATIENCE);
  context.setDefaultNavigationTimeout(PATIENCE);
  return context;
}
