// What is for the edge needs nothing of Node: the very modules run in Chromium, where there is only
// the web's own. Any import of `node:` or global of Node's would fail there.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { launch } from "../browser/support/browser.mjs";
import { ApplyCookies } from "../../server/server.js";
import { SECRET } from "./support/service.mjs";

let server, browser, page;

before(async () => {
  const root = new URL("../../", import.meta.url);
  server = createServer(async (request, response) => {
    if (request.url === "/") {
      const imports = JSON.stringify({ imports: { "#platform": "/server/platform-web.js" } });
      return response.setHeader("content-type", "text/html").end(`<script type="importmap">${imports}</script>`);
    }
    const text = await readFile(new URL(`.${request.url}`, root)).catch(() => null);
    if (text === null) return response.writeHead(404).end();
    response.setHeader("content-type", "text/javascript").end(text);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  browser = await launch();
  page = await browser.newPage();
  // A secure context, for WebCrypto.
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
});
after(async () => {
  await browser?.close();
  server.close();
});

test("without Node it mints, reads values, and answers with a stream that carries a token", async () => {
  const { token, value, text, lines } = await page.evaluate(async (secret) => {
    const { ApplyCookies, respond } = await import("/server/edge.js");
    await import("/server/hono.js");
    const deployment = new ApplyCookies({ secret, origins: ["https://app.example"] });
    const binding = "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk";
    const [{ token }] = await deployment.mint({ binding, operations: [{ op: "set", name: "a", value: "b" }] });
    const { value } = await deployment.cookie("session", { maxAge: 60 }).write({ user: "ada" });
    const answer = await respond(deployment, new Request("https://app.example/"), (cookies) => {
      const body = new ReadableStream({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, 20));
          cookies.set("late", "1");
          controller.enqueue(new TextEncoder().encode("data: x\n\n"));
          controller.close();
        },
      });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    });
    return { token, value, text: await answer.text(), lines: answer.headers.get("cache-control") };
  }, SECRET);
  const own = new ApplyCookies({ secret: SECRET, origins: ["https://app.example"] });
  const bindingCookie = "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk";
  assert.equal(own.open(token, { bindingCookie }).operations[0].name, "a");
  assert.deepEqual(own.cookie("session").read({ headers: { cookie: `session=${value}` } }), { user: "ada" });
  assert.match(text, /^event: apply-cookies\ndata: \{"token":"e1\.[\w-]+"\}\n\ndata: x\n\n$/);
  assert.equal(lines, "no-store");
});

test("without Node, what needs Node says so", async () => {
  const messages = await page.evaluate(async (secret) => {
    const { ApplyCookies } = await import("/server/edge.js");
    const wrong = [{ dev: true }, { secret }, { secret, origins: ["https://a.example"], forward: "unix:/x" }, { secret, service: "unix:/x" }];
    return wrong.map((options) => {
      try {
        new ApplyCookies(options);
        return "";
      } catch (error) {
        return error.message;
      }
    });
  }, SECRET);
  assert.match(messages[0], /only Node can start the service/);
  assert.match(messages[1], /where are the app's pages/);
  assert.match(messages[2], /only in Node/);
  assert.match(messages[3], /other sockets need Node/);
});
