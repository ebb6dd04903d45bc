// A page that the browser loads before anybody asks for it does nothing until somebody does.

import assert from "node:assert/strict";
import { test } from "node:test";

import { refusal, startScripted, withModule } from "./support/scripted.mjs";
import { openUnwatched } from "./support/unwatched.mjs";

const LIMIT = { timeout: 60_000 };

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function until(what, holds) {
  for (const end = Date.now() + 20_000; !holds(); await pause(50)) {
    if (Date.now() > end) throw new Error(`${what} did not come`);
  }
}

/** Prerenders a page, and after some seconds goes there, or elsewhere. */
const startPage = (seconds, goes, more = "") =>
  withModule(`<script type="speculationrules">{"prerender":[{"urls":["/next"],"eagerness":"immediate"}]}</script>
    <script type="module">
      import { applyCookies } from "/__apply-cookies/client.js";
      ${more}
      setTimeout(() => (location.href = "${goes}"), ${seconds * 1000});
    </script>`);

/** A page with each way to a POST; what it tells is posted to /told. */
const everyWay = (request) => `${withModule(`<apply-cookies token="element"></apply-cookies>`)}
  <script type="module">
    import { applyCookies, listen, ready } from "/__apply-cookies/client.js";
    const tell = (what) => fetch("/told", { method: "POST", body: what });
    tell("loaded " + document.prerendering);
    for (const step of ["posted", "applied", "failed"]) {
      document.addEventListener("apply-cookies:" + step, () => document.prerendering && tell("too early"));
    }
    ready();
    applyCookies("by hand");
    class Stream extends EventTarget {
      close() {}
    }
    const stream = new Stream();
    listen(stream);
    stream.dispatchEvent(new MessageEvent("apply-cookies", { data: '{"token":"listened"}' }));
    listen(() => (tell("opened " + document.prerendering), new Stream()));
  </script>`;

const told = (server) => server.posts.filter(({ path }) => path === "/told").map(({ text }) => text);

test("a page that is prerendered and never seen posts nothing, while it lives and when it is discarded", LIMIT, async (t) => {
  const server = await startScripted({
    pages: { "/": () => startPage(13, "/other"), "/next": everyWay, "/other": () => "<p>elsewhere" },
  });
  t.after(server.stop);
  t.after(await openUnwatched(server.url));
  await until("the prerendered page", () => told(server).length);
  // Longer than a page waits for its turn.
  await pause(15_000);
  assert.deepEqual(told(server), ["loaded true"]);
  assert.deepEqual(server.posts.map(({ path }) => path), ["/told"]);
});

test("once it is seen, it goes on with what the page before it has left, and then with its own", LIMIT, async (t) => {
  let seen = false;
  const server = await startScripted({
    pages: {
      "/": () => startPage(3, "/next", 'applyCookies("left").catch(() => {});'),
      "/next": (request) => {
        seen ||= request.headers["sec-purpose"] === undefined;
        return everyWay(request);
      },
    },
    answer: ({ path, token }) => (token === "left" && !told(server).includes("opened false") ? 503 : 204),
  });
  t.after(server.stop);
  t.after(await openUnwatched(server.url));
  await until("the end", () => server.tokens().includes("listened"));
  assert.equal(seen, false, "it was loaded once, to be prerendered");
  assert.deepEqual(told(server), ["loaded true", "opened false"]);
  const tokens = server.tokens();
  assert.deepEqual(tokens.slice(tokens.lastIndexOf("left") + 1), ["element", "by hand", "listened"]);
  assert(server.posts.every(({ path, headers }) => path === "/told" || !headers["sec-purpose"]));
});

for (const [what, answer, loads] of [
  ["the token has expired meanwhile, by its own clock", () => 204, 2],
  ["the server says that it has expired", ({ token }) => (token === "t1" ? refusal(410, "expired") : 204), 2],
  ["every token has expired, as the server sees it", ({ token }) => (token ? refusal(410, "expired") : 204), 2],
  ["the token is refused for another reason", ({ token }) => (token ? refusal(409, "used") : 204), 1],
  ["the token is applied", () => 204, 1],
]) {
  test(`a page that was prerendered is loaded ${loads === 2 ? "again, once," : "once"} if ${what}`, LIMIT, async (t) => {
    let loaded = 0;
    const server = await startScripted({
      lifetime: what.includes("own clock") ? 1000 : 60_000,
      pages: {
        "/": () => startPage(3, "/next"),
        "/next": () => withModule(`<apply-cookies token="t${++loaded}"></apply-cookies>`),
      },
      answer,
    });
    t.after(server.stop);
    t.after(await openUnwatched(server.url));
    await until("the last page's token", () => server.tokens().includes(`t${loads}`));
    await pause(2000);
    assert.equal(loaded, loads);
  });
}
