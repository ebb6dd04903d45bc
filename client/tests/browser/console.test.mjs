import assert from "node:assert/strict";
import { test } from "node:test";

import { newVisitor } from "./support/browser.mjs";
import { complaintsOf } from "./support/complaints.mjs";
import { chooseAccent, countVisit, openPage, signIn, signOut } from "./support/demo-page.mjs";
import { LIMIT, setStage } from "./support/stage.mjs";

const stage = setStage();

test("the console stays empty, and nothing violates the page's policy", LIMIT, async (t) => {
  const context = await newVisitor(stage.browser);
  t.after(() => context.close());
  const complaints = await complaintsOf(context);
  const page = await openPage(context, stage.demo.url);
  await signIn(page, "Grace");
  await chooseAccent(page, "Teal");
  await countVisit(page);
  // A reload would break off the frame's stream, which is still open for a moment.
  await Promise.all(page.frames().map((frame) => frame.waitForLoadState()));
  await page.reload();
  await page.getByText("Signed in as Grace").waitFor();
  await countVisit(page);
  await signOut(page);
  assert.deepEqual(complaints, []);
});

test("the policy is in force, on the page and in its frame", LIMIT, async (t) => {
  const context = await newVisitor(stage.browser);
  t.after(() => context.close());
  const complaints = await complaintsOf(context);
  const page = await openPage(context, stage.demo.url);
  await countVisit(page);
  for (const frame of page.frames()) {
    complaints.length = 0;
    const ran = await frame.evaluate(async () => {
      const script = document.createElement("script");
      const refused = [];
      try {
        script.textContent = "globalThis.ran = true";
      } catch (error) {
        refused.push(error.name);
      }
      document.body.setAttribute("style", "color: red");
      await new Promise((resolve) => setTimeout(resolve, 50));
      return { ran: globalThis.ran, refused, colour: document.body.style.color };
    });
    assert.deepEqual(ran, { ran: undefined, refused: ["TypeError"], colour: "" });
    assert.ok(complaints.some((complaint) => complaint.startsWith("policy: style-src")), frame.url());
  }
});

test("every icon that a browser asks for is there", LIMIT, async () => {
  for (const path of ["/favicon.ico", "/demo/favicon.svg"]) {
    const answer = await fetch(new URL(path, stage.demo.url));
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("content-type"), "image/svg+xml");
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    await answer.body.cancel();
  }
});
