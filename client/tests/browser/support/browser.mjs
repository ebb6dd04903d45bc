// Chromium, as it is installed.

import { existsSync } from "node:fs";

import { chromium } from "playwright-core";

/** The longest wait for anything in a page, in milliseconds. */
export const PATIENCE = 10_000;

export const launch = (options) => start(options, (settings) => chromium.launch(settings));

/** A browser with the settings in this folder, and no other context. */
export const launchWith = (profile) =>
  start({}, async (settings) => patient(await chromium.launchPersistentContext(profile, settings)));

async function start(options, begin) {
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
      return await begin(settings);
    } catch (error) {
      if (tries === 1 || !/signal=SIGSEGV/.test(error.message)) throw error;
      console.error("Chromium crashed while it started; starting it again");
    }
  }
}

/** A browser of its own: other contexts share none of its cookies. */
export async function newVisitor(browser, options) {
  return patient(await browser.newContext(options));
}

function patient(context) {
  context.setDefaultTimeout(PATIENCE);
  context.setDefaultNavigationTimeout(PATIENCE);
  return context;
}
