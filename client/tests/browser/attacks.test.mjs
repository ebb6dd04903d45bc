import assert from "node:assert/strict";
import { test } from "node:test";

import { newVisitor } from "./support/browser.mjs";
import { openPage, postsOf, shownName, signIn } from "./support/demo-page.mjs";
import { LIMIT, setStage } from "./support/stage.mjs";

const stage = setStage();

const ATTACKS = [
  ["a replayed token is refused", "Replay a token", ["204 applied", "409 used"]],
  ["a forged token is refused", "Forge a token", ["400 invalid"]],
  ["another browser's token is refused", "Another browser’s token", ["403 wrong-browser"]],
];

for (const [promise, button, answers] of ATTACKS) {
  test(`${promise}, and the page shows it`, LIMIT, async (t) => {
    const context = await newVisitor(stage.browser);
    t.after(() => context.close());
    const page = await openPage(context, stage.demo.url);
    await signIn(page, "Grace");
    const posts = postsOf(page);

    const attack = page.getByRole("listitem").filter({ has: page.getByRole("button", { name: button }) });
    await attack.getByRole("button").click();
    await attack.getByText(answers.at(-1)).waitFor();
    assert.deepEqual(await attack.locator(".pill").allTextContents(), answers);

    // Not only according to the page.
    const seen = await Promise.all(
      posts.map(async (request) => {
        const answer = await request.response();
        const type = answer.status() === 204 ? "applied" : (await answer.json()).type;
        return `${answer.status()} ${type}`;
      }),
    );
    assert.deepEqual(seen, answers);
    assert.equal(await shownName(page), "Signed in as Grace");
  });
}
