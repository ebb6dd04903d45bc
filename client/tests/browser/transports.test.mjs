import assert from "node:assert/strict";
import { test } from "node:test";

import { newVisitor } from "./support/browser.mjs";
import { chooseAccent, cookiesOf, countVisit, openPage, signIn } from "./support/demo-page.mjs";
import { LIMIT, setStage } from "./support/stage.mjs";

const stage = setStage();

const TRANSPORTS = [
  ["server-sent events", "session", /^[0-9a-f]{32}$/, (page) => signIn(page, "Grace"), "#sse"],
  ["a WebSocket", "accent", /^violet$/, (page) => chooseAccent(page, "Violet"), "#websocket"],
  ["streamed HTML", "visits", /^1$/, countVisit, "#html"],
];

for (const [transport, name, value, use, card] of TRANSPORTS) {
  test(`a cookie set through ${transport} is there, and no script can read it`, LIMIT, async (t) => {
    const { url } = stage.demo;
    const context = await newVisitor(stage.browser);
    t.after(() => context.close());
    const page = await openPage(context, url);
    await use(page);

    const cookie = (await cookiesOf(context, url))[name];
    assert.match(cookie.value, value);
    assert.equal(cookie.httpOnly, true);
    assert.equal(cookie.secure, false);
    assert.equal(await page.evaluate(() => document.cookie), "");

    // Every step was seen, in order.
    const times = await page.locator(`${card} .timeline time`).allTextContents();
    assert.equal(times[0], "0 ms");
    const elapsed = times.map((time) => (time === "< 1 ms" ? 0 : Number(/^(\d+) ms$/.exec(time)?.[1])));
    assert.deepEqual(elapsed, elapsed.toSorted((one, other) => one - other));
    assert.equal(elapsed.length, 5);
  });
}

test("a setting and a count outlive the page", LIMIT, async (t) => {
  const context = await newVisitor(stage.browser);
  t.after(() => context.close());
  const page = await openPage(context, stage.demo.url);
  await chooseAccent(page, "Rose");
  await countVisit(page);
  // Not a reload, at which Firefox loads the frame of the first visit again, and so counts one.
  const later = await openPage(context, stage.demo.url);
  await later.locator("html[data-accent=rose]").waitFor();
  assert.equal(await later.getByRole("radio", { name: "Rose" }).isChecked(), true);
  await countVisit(later);
  await later.frameLocator("iframe").getByText("2", { exact: true }).waitFor();
});
