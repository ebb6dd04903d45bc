// What travels between page and server while cookies are set, as the browser's tools see it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { newVisitor } from "./support/browser.mjs";
import { chooseAccent, cookiesOf, countVisit, openPage, postsOf, signIn } from "./support/demo-page.mjs";
import { LIMIT, setStage } from "./support/stage.mjs";

const stage = setStage();

for (const [transport, name, use] of [
  ["server-sent events", "session", (page) => signIn(page, "Grace")],
  ["a WebSocket", "accent", (page) => chooseAccent(page, "Violet")],
  ["streamed HTML", "visits", countVisit],
]) {
  test(`a cookie set through ${transport} came with the answer to the one POST, and with no other`, LIMIT, async (t) => {
    const context = await newVisitor(stage.browser);
    t.after(() => context.close());
    const page = await openPage(context, stage.demo.url);
    const answers = [];
    context.on("response", (response) => answers.push(response));
    const posts = postsOf(page);
    await use(page);
    assert.equal(posts.length, 1);
    assert.ok(answers.some((answer) => answer.request() === posts[0]));
    for (const answer of answers) {
      const lines = (await answer.headersArray()).filter((header) => header.name.toLowerCase() === "set-cookie");
      const sets = lines.some((line) => line.value.startsWith(`${name}=`));
      assert.equal(sets, answer.request() === posts[0], answer.url());
    }
  });
}

test("one socket carries one cookie after another", LIMIT, async (t) => {
  const { url } = stage.demo;
  const context = await newVisitor(stage.browser);
  t.after(() => context.close());
  const page = await openPage(context, url);
  const sockets = [];
  page.on("websocket", (socket) => sockets.push(socket));
  for (const accent of ["Teal", "Amber", "Rose"]) {
    await chooseAccent(page, accent);
    assert.equal((await cookiesOf(context, url)).accent.value, accent.toLowerCase());
  }
  assert.equal(sockets.length, 1);
});
