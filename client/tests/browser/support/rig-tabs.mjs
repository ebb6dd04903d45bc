// Tabs of one browser on the page of the delivery rig, which does nothing by itself.

import { PATIENCE } from "./browser.mjs";
import { within } from "./within.mjs";

export async function openTabs(context, url, number) {
  const tabs = [];
  for (let i = 0; i < number; i++) tabs.push(await openTab(context, url));
  return tabs;
}

export async function openTab(context, url) {
  const tab = await context.newPage();
  await tab.goto(`${url}page`);
  await within(PATIENCE, "the module", tab.evaluate(load));
  return tab;
}

export async function load() {
  globalThis.ends = [];
  globalThis.told = [];
  for (const step of ["applied", "failed"]) {
    document.addEventListener(`apply-cookies:${step}`, ({ detail }) => globalThis.told.push({ step, detail }));
  }
  globalThis.client = await import("/__apply-cookies/client.js");
  await globalThis.client.ready();
}

/** Tokens of these names, minted in this order, for whichever tab. */
export const mint = (tab, names) =>
  within(
    PATIENCE,
    "tokens",
    tab.evaluate(async (names) => {
      const stream = await (await fetch(`/mint?tokens=${names.join()}`)).text();
      const tokens = [...stream.matchAll(/"token":"([^"]+)"/g)].map(([, token]) => token);
      if (tokens.length !== names.length) throw new Error(stream);
      return tokens;
    }, names),
  );

/** Gives a token to the module of a tab, and does not wait for its end. */
export const hand = (tab, token) =>
  tab.evaluate((token) => {
    const end = globalThis.client.applyCookies(token).then(
      () => "applied",
      ({ status, type }) => `${status} ${type}`,
    );
    globalThis.ends.push(end);
  }, token);

/** How the tokens ended that this tab was handed since the last call. */
export const endsOf = (tab, patience = PATIENCE) =>
  within(
    patience,
    "the end of tokens",
    tab.evaluate(() => Promise.all(globalThis.ends.splice(0))),
  );

/** The events that the page has seen. */
export const toldOf = (tab) => tab.evaluate(() => globalThis.told);

/** The value of the one cookie that the rig's tokens are about. */
export async function sessionOf(context, url) {
  const cookies = await context.cookies(url);
  return cookies.find(({ name }) => name === "session")?.value;
}
