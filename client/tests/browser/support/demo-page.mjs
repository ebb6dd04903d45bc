// The demo's page, as a visitor uses it, and what a script can do on it.

import { PATIENCE } from "./browser.mjs";
import { within } from "./within.mjs";

export async function openPage(context, url) {
  const page = await context.newPage();
  await page.goto(url);
  await page.locator("#who", { hasText: /signed in/i }).waitFor();
  return page;
}

export async function signIn(page, name) {
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByText("Signed in after").waitFor();
}

export async function signOut(page) {
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.getByText("Signed out after").waitFor();
}

export async function chooseAccent(page, name) {
  await page.getByRole("radio", { name, exact: true }).check();
  await page.getByText(`Kept ${name.toLowerCase()} after`).waitFor();
}

export async function countVisit(page) {
  await page.getByRole("button", { name: "Visit the page", exact: true }).click();
  await page.getByText("Counted after").waitFor();
}

/** Who is signed in, according to the page. */
export const shownName = (page) => page.locator("#who").textContent();

/** The browser's cookies by name, HttpOnly ones too. */
export async function cookiesOf(context, url) {
  const cookies = await context.cookies(url);
  return Object.fromEntries(cookies.map((cookie) => [cookie.name, cookie]));
}

/** A token that a stream brought to this page, not posted yet. */
export const freshToken = (page) =>
  within(
    PATIENCE,
    "a token",
    page.evaluate(async () => {
      const { ready } = await import("/__apply-cookies/client.js");
      await ready();
      const stream = new EventSource("/demo/practice");
      const { data } = await new Promise((resolve, reject) => {
        stream.addEventListener("apply-cookies", resolve);
        stream.addEventListener("error", () => reject(new Error("the stream broke off")));
      });
      stream.close();
      return JSON.parse(data).token;
    }),
  );

/** Posts a token from a script of this page; returns the answer. */
export const post = (page, token) =>
  within(
    PATIENCE,
    "an answer",
    page.evaluate(async (t) => {
      const body = new URLSearchParams({ t, r: crypto.randomUUID() });
      const answer = await fetch("/__apply-cookies", { method: "POST", body });
      return { status: answer.status, type: answer.ok ? undefined : (await answer.json()).type };
    }, token),
  );

/** The list of POSTs of tokens that a page makes from now on. */
export function postsOf(page) {
  const posts = [];
  page.on("request", (request) => {
    if (request.method() === "POST" && new URL(request.url()).pathname === "/__apply-cookies") {
      posts.push(request);
    }
  });
  return posts;
}

/** What the server knows about a client that sends this session, even a stolen one. */
export async function whoHas(url, session) {
  const answer = await fetch(new URL("/whoami", url), {
    headers: { cookie: `session=${session}` },
    signal: AbortSignal.timeout(PATIENCE),
  });
  return (await answer.json()).name;
}
