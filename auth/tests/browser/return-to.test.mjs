// Chromium follows the Location of every spelling, and none leads away. Then it follows the bare
// texts, of which many do: the table has teeth.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { test } from "node:test";

import { launch, newVisitor } from "../../../client/tests/browser/support/browser.mjs";

import { example } from "./support/example.mjs";

const TABLE = JSON.parse(readFileSync(new URL("../return_to.json", import.meta.url), "utf8"));
const ORIGIN = "http://app.example";
const PAGES = 4;

/** A proxy that is every host there is: /go/N redirects, everything else is a page. */
async function everyHost(locations) {
  const server = createServer((request, response) => {
    const row = /^http:\/\/app\.example\/go\/(\w+)\/(\d+)$/.exec(request.url);
    if (!row) return response.end("<title>here</title>");
    try {
      response.writeHead(303, { Location: locations[row[1]][row[2]] });
    } catch {
      // Node writes no line breaks and control characters into a field.
      response.writeHead(204);
    }
    response.end();
  });
  // https: where it leads is known by then.
  server.on("connect", (_, socket) => socket.end("HTTP/1.1 403 Forbidden\r\n\r\n"));
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return server;
}

/** Follows every row, and gives the address where each ended and whether another host was asked for. */
async function followAll(context, kind) {
  const ends = [];
  const rows = TABLE.keys();
  const work = async () => {
    const page = await context.newPage();
    let left;
    page.on("request", (request) => {
      if (request.isNavigationRequest() && !request.url().startsWith(`${ORIGIN}/`)) left = true;
    });
    for (const row of rows) {
      left = false;
      await page.goto(`${ORIGIN}/go/${kind}/${row}`, { waitUntil: "commit" }).catch(() => {});
      ends[row] = { address: page.url(), left };
    }
  };
  await Promise.all(Array.from({ length: PAGES }, work));
  return ends;
}

test("no spelling leads away from the app", { timeout: 300_000 }, async (t) => {
  const input = TABLE.map(([text]) => `${JSON.stringify(text)}\n`).join("");
  const written = example("return_to", [ORIGIN], input);
  assert.equal(written.length, TABLE.length);
  assert.ok(TABLE.length >= 300);
  const server = await everyHost({
    written: written.map(({ location }) => location),
    // As bytes, since Node takes no other characters.
    bare: TABLE.map(([text]) => Buffer.from(text).toString("latin1")),
  });
  t.after(() => server.close());
  const browser = await launch();
  t.after(() => browser.close());
  const proxy = { server: `http://127.0.0.1:${server.address().port}` };
  const context = await newVisitor(browser, { proxy });

  const ends = await followAll(context, "written");
  for (const [row, [text, path]] of TABLE.entries()) {
    const { address, left } = ends[row];
    assert.equal(left, false, JSON.stringify(text));
    assert.equal(address, ORIGIN + (path ?? "/"), JSON.stringify(text));
    // The table says what the specification of addresses says.
    if (path !== null) assert.equal(address, new URL(text, ORIGIN).href);
  }

  const leaving = (await followAll(context, "bare")).filter(({ left }) => left).length;
  t.diagnostic(`${TABLE.length} spellings: 0 left the app; as bare texts ${leaving} did`);
  assert.ok(leaving >= 50, `${leaving}`);
});
