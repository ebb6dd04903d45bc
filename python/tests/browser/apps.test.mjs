// Real apps in Python, behind a real nginx, in Chromium: sign in, reload, sign out, with receipts.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { launch } from "../../../client/tests/browser/support/browser.mjs";
import { startApp } from "./rig.mjs";

const uvicorn = (app) => (port) => ["uvicorn", app, "--port", `${port}`, "--ws", "websockets-sansio", "--log-level", "warning"];
const flask = (port) => ["flask", "--app", "flask_app", "run", "--port", `${port}`];

const APPS = [
  { name: "FastAPI", command: uvicorn("fastapi_app:app"), transports: ["sse", "socket"], cookie: "account" },
  { name: "Django with Channels", command: uvicorn("django_app:app"), transports: ["sse", "socket"], cookie: "sessionid" },
  { name: "Flask", command: flask, transports: ["sse"], cookie: "app_session" },
];

let chromium;
// All at once: each service lets tokens in five seconds after it began.
const started = APPS.map(({ command }) => startApp(command));
before(async () => {
  await Promise.all(started);
  chromium = await launch();
});
after(async () => {
  await chromium?.close();
  for (const result of await Promise.allSettled(started)) await result.value?.stop();
});

for (const [number, { name, transports, cookie }] of APPS.entries()) {
  describe(name, () => {
    let app;
    before(async () => (app = await started[number]));

    for (const transport of transports) {
      test(`sign in, reload and sign out over ${transport}`, async () => {
        const context = await chromium.newContext();
        const page = await context.newPage();
        try {
          await page.goto(app.origin);
          await page.getByText("who: nobody").waitFor();
          await page.click(`#${transport}-in`);
          await page.getByText("welcome", { exact: true }).waitFor();
          await page.getByText("who: ada").waitFor();
          const kept = (await context.cookies()).find(({ name }) => name === cookie);
          assert.equal(kept.httpOnly, true);
          await page.reload();
          await page.getByText("who: ada").waitFor();
          await page.click(`#${transport}-out`);
          await page.getByText("gone", { exact: true }).waitFor();
          await page.getByText("who: nobody").waitFor();
        } catch (error) {
          error.message += `\n${await page.content()}\n${app.said()}`;
          throw error;
        } finally {
          await context.close();
        }
      });
    }
  });
}
