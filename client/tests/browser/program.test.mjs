import assert from "node:assert/strict";
import { test } from "node:test";

import { newVisitor } from "./support/browser.mjs";
import { chooseAccent, openPage } from "./support/demo-page.mjs";
import { startDemo } from "./support/program.mjs";
import { LIMIT, setStage } from "./support/stage.mjs";

const stage = setStage();

test("the demo prints its address and nothing else, and says what its development mode is", LIMIT, () => {
  const { url, port, said } = stage.demo;
  assert.equal(url, `http://127.0.0.1:${port}/`);
  assert.equal(said.stdout, `${url}\n`);
  assert.match(said.stderr, /development mode: .*without Secure.* end with this process/);
});

test("an address that is taken is refused", LIMIT, async () => {
  await assert.rejects(
    startDemo(`127.0.0.1:${stage.demo.port}`),
    /ended with 1: apply-cookies: cannot listen on 127\.0\.0\.1/,
  );
});

test("it shuts down cleanly while a page has a socket open", LIMIT, async (t) => {
  const demo = await startDemo();
  const context = await newVisitor(stage.browser);
  t.after(() => context.close());
  const page = await openPage(context, demo.url);
  await chooseAccent(page, "Teal");
  await demo.stop();
});
