// The app's page, as a visitor uses it.

import { newVisitor } from "../../../client/tests/browser/support/browser.mjs";

/** A visitor who trusts the certificate, and whose browser reaches nothing but this machine. */
export async function newGuest(browser) {
  const context = await newVisitor(browser, { ignoreHTTPSErrors: true });
  // Mesop's page asks for fonts elsewhere; a closed network would answer late.
  await context.route((url) => url.hostname !== "127.0.0.1", (route) => route.abort());
  return context;
}

export async function openPage(context, url) {
  const page = await context.newPage();
  await page.goto(url);
  await shows(page, /^(Nobody is signed in|Signed in as)/);
  return page;
}

export const shows = (page, text) => page.getByText(text).first().waitFor();

export const press = (page, label) => page.getByRole("button", { name: label, exact: true }).click();

/** The browser's cookies by name, HttpOnly ones too. */
export async function cookiesOf(context, origin) {
  const cookies = await context.cookies(origin);
  return Object.fromEntries(cookies.map((cookie) => [cookie.name, cookie]));
}

/** Does something that makes the page post a token; returns the answer. */
export async function answerWhile(page, act) {
  const answered = page.waitForResponse((response) => new URL(response.url()).pathname.endsWith("/__apply-cookies"));
  await act();
  const answer = await answered;
  return { status: answer.status(), headers: await answer.allHeaders() };
}

/** A token that the page was about to post, kept from the server. */
export async function captureToken(page) {
  const seen = page.waitForRequest("**/__apply-cookies");
  await page.route("**/__apply-cookies", (route) => route.fulfill({ status: 204 }));
  await press(page, "Sign in");
  const token = new URLSearchParams((await seen).postData()).get("t");
  // The button does not work until the handler has ended.
  await shows(page, "Progress: Done");
  await page.unroute("**/__apply-cookies");
  return token;
}
