// NiceGUI and Streamlit own their sockets: what they set travels in the element. Sign in, reload, sign
// out, with receipts, behind a real nginx, in Chromium.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { launch } from "../../../client/tests/browser/support/browser.mjs";
import { startApp } from "./rig.mjs";

const APPS = [
  { name: "NiceGUI", command: () => ["nicegui_app"] },
  {
    name: "Streamlit",
    command: (port) => [
      "streamlit", "run", new URL("../apps/streamlit_app.py", import.meta.url).pathname,
      "--server.port", `${port}`, "--server.address", "127.0.0.1", "--server.headless", "true",
      "--browser.gatherUsageStats", "false",
    ],
  },
];

let chromium;
before(async () => (chromium = await launch()));
after(() => chromium?.close());

for (const { name, command } of APPS) {
  describe(name, () => {
    let app;
    before(async () => (app = await startApp(command)));
    after(() => app?.stop());

    test("sign in, reload and sign out with the element", async () => {
      const context = await chromium.newContext();
      const page = await context.newPage();
      try {
        await page.goto(app.origin);
        await page.getByText("who: nobody").waitFor();
        // The socket's handshake came before the binding: the page is loaded once more.
        while (!(await context.cookies()).some(({ name }) => name === "apply-cookies")) await page.waitForTimeout(50);
        await page.reload();
        await page.getByText("who: nobody").waitFor();
        await page.getByRole("button", { name: "in", exact: true }).click();
        await page.getByText("in: released").waitFor();
        const kept = (await context.cookies()).find(({ name }) => name === "app_session");
        assert.deepEqual([kept.value, kept.httpOnly], ["ada", true]);
        await page.reload();
        await page.getByText("who: ada").waitFor();
        await page.getByRole("button", { name: "out", exact: true }).click();
        await page.getByText("out: released").waitFor();
        await page.reload();
        await page.getByText("who: nobody").waitFor();
      } catch (error) {
        error.message += `\n${await page.content()}\n${app.said()}`.slice(0, 20_000);
        throw error;
      } finally {
        await context.close();
      }
    });
  });
}
