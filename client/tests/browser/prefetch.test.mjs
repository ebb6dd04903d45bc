// A document that the browser fetched before anybody asked for it: its token is old when somebody
// comes, and a fresh one is a reload away.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, newVisitor } from "./support/browser.mjs";
import { refusal, startScripted, withModule } from "./support/scripted.mjs";
import { LIMIT } from "./support/stage.mjs";

let browser;
before(async () => (browser = await launch()), LIMIT);
after(() => browser?.close(), LIMIT);

const RULES = JSON.stringify({ prefetch: [{ urls: ["/next"], eagerness: "immediate" }] });
const GO = '<a href="/next">next</a>';

const starts = {
  "by rules in the page": () => `<!doctype html><script type="speculationrules">${RULES}</script>${GO}`,
  "by rules in a header": () => ({ headers: { "speculation-rules": '"/rules"' }, body: `<!doctype html>${GO}` }),
  "not at all": () => `<!doctype html>${GO}`,
};

const stale = ({ token }) => (token === "t1" ? refusal(410, "expired") : 204);
const always = (status, type) => ({ token }) => (token ? refusal(status, type) : 204);
const prevent = '<script>addEventListener("apply-cookies:failed", (e) => e.preventDefault(), true)</script>';
const noStorage = `<script>Object.defineProperty(window, "sessionStorage", { get() { throw 1 } })</script>`;

// How it was prefetched, what the server answers, and how often the document is loaded.
for (const [what, start, answer, loads, more = ""] of [
  ["whose token has expired", "by rules in the page", stale, 2],
  ["whose token has expired", "by rules in a header", stale, 2],
  ["whose token has expired", "not at all", stale, 1],
  ["whose tokens always have expired", "by rules in the page", always(410, "expired"), 2],
  ["whose token is still good", "by rules in the page", () => 204, 1],
  ["whose token is used up", "by rules in the page", always(409, "used"), 1],
  ["whose token is another browser's, always", "by rules in the page", always(403, "wrong-browser"), 2],
  ["whose token is another browser's, always", "not at all", always(403, "wrong-browser"), 2],
  ["whose token has expired, and that prevents it,", "by rules in the page", stale, 1, prevent],
  ["whose token has expired, without storage,", "by rules in the page", stale, 1, noStorage],
  ["whose token has expired, with a server that is gone,", "by rules in the page", ({ token }) => (token ? refusal(410, "expired") : 404), 1],
]) {
  test(`a document prefetched ${start} ${what} is loaded ${loads === 2 ? "once more" : "once"}`, LIMIT, async (t) => {
    let loaded = 0;
    const purposes = [];
    const server = await startScripted({
      pages: {
        "/": starts[start],
        "/rules": () => ({ type: "application/speculationrules+json", body: RULES }),
        "/next": ({ headers }) => {
          purposes.push(headers["sec-purpose"]);
          return withModule(`<apply-cookies token="t${++loaded}"></apply-cookies>`, more);
        },
      },
      answer,
    });
    t.after(server.stop);
    const context = await newVisitor(browser);
    t.after(() => context.close());
    const page = await context.newPage();
    await page.goto(server.url);
    const prefetched = start !== "not at all";
    for (let n = 0; prefetched && loaded === 0 && n < 100; n++) await page.waitForTimeout(50);
    await page.getByRole("link").click();
    await page.waitForURL("**/next");
    for (let n = 0; server.tokens().length < loads && n < 200; n++) await page.waitForTimeout(50);
    await page.waitForTimeout(1500);
    assert.deepEqual(purposes, [prefetched ? "prefetch" : undefined, undefined].slice(0, loads));
    assert.deepEqual(server.tokens(), ["t1", "t2"].slice(0, loads));
  });
}
