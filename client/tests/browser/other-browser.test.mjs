import assert from "node:assert/strict";
import { test } from "node:test";

import { newVisitor } from "./support/browser.mjs";
import { cookiesOf, freshToken, openPage, post } from "./support/demo-page.mjs";
import { LIMIT, setStage } from "./support/stage.mjs";

const stage = setStage();

test("a token of one browser is refused to another, and still works in its own", LIMIT, async (t) => {
  const { url } = stage.demo;
  const a = await newVisitor(stage.browser);
  t.after(() => a.close());
  const b = await newVisitor(stage.browser);
  t.after(() => b.close());
  const pageOfA = await openPage(a, url);
  const pageOfB = await openPage(b, url);
  const token = await freshToken(pageOfA);

  for (let attempt = 0; attempt < 3; attempt++) {
    assert.deepEqual(await post(pageOfB, token), { status: 403, type: "wrong-browser" });
  }
  assert.equal((await cookiesOf(b, url)).practice, undefined);

  assert.deepEqual(await post(pageOfA, token), { status: 204, type: undefined });
  assert.equal((await cookiesOf(a, url)).practice.httpOnly, true);
});
