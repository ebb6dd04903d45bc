// The pages as people see them: in light and dark, on a narrow phone, by keyboard, and under their own
// Content-Security-Policy.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";

import { launch, newVisitor } from "../../../client/tests/browser/support/browser.mjs";

import { example } from "./support/example.mjs";

const LIMIT = { timeout: 120_000 };

async function stage(t) {
  const replies = new Map(example("pages", []).map(([name, ...reply]) => [`/${name}`, reply]));
  const posts = [];
  const server = createServer(async (request, response) => {
    if (request.method === "POST") {
      let body = "";
      for await (const chunk of request) body += chunk;
      posts.push({ url: request.url, headers: request.headers, fields: Object.fromEntries(new URLSearchParams(body)) });
      return response.end("posted");
    }
    const reply = replies.get(request.url);
    if (!reply) return response.setHeader("content-type", "text/html").end("<h1>another page</h1>");
    const [status, fields, body] = reply;
    response.writeHead(status, fields.flat()).end(body);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const origin = `http://127.0.0.1:${server.address().port}`;
  const browser = await launch();
  t.after(() => browser.close());
  t.after(() => server.close());
  return { browser, origin, posts, names: [...replies.keys()] };
}

/** The contrast of text with what is behind it, by WCAG 2.2; run in the page. */
function poorlySeen() {
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const colour = (text) => text.match(/[\d.]+/g).map(Number);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const back = colour(getComputedStyle(at).backgroundColor);
      if (back[3] !== 0) return back;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll("h1, p, label, input, button, a, small, dt, code")) {
    const [a, b] = [light(colour(getComputedStyle(element).color)), light(behind(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) poor.push(`${element.tagName} ${contrast.toFixed(2)}`);
  }
  return poor;
}

test("every page is readable in light and dark, at 320 pixels, and breaks no policy of its own", LIMIT, async (t) => {
  const { browser, origin, names } = await stage(t);
  assert.ok(names.length > 20);
  for (const colorScheme of ["light", "dark"]) {
    const context = await newVisitor(browser, { colorScheme, viewport: { width: 320, height: 640 } });
    const page = await context.newPage();
    const said = [];
    page.on("console", (message) => said.push(message.text()));
    for (const name of names) {
      await page.goto(origin + name);
      assert.deepEqual(await page.evaluate(poorlySeen), [], `${name} ${colorScheme}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= 320, `${name}: ${wide}`);
      const unlabelled = await page.evaluate(() => {
        const inputs = [...document.querySelectorAll("input:not([type=hidden], [hidden])")];
        return inputs.filter((input) => !input.labels.length).length;
      });
      assert.equal(unlabelled, 0, name);
      assert.equal(await page.locator("h1").count(), 1, name);
    }
    // Chromium says of each refusal that its status is one.
    const policy = said.filter((text) => !text.startsWith("Failed to load resource"));
    assert.deepEqual(policy, []);
    await context.close();
  }
});

test("a person signs in by keyboard, and the form comes with its origin", LIMIT, async (t) => {
  const { browser, origin, posts } = await stage(t);
  const page = await (await newVisitor(browser)).newPage();
  const open = async (name) => {
    await page.goto(`${origin}/${name}`);
    // The browser moves the focus a moment after the page is there.
    await page.waitForFunction(() => document.activeElement?.autofocus);
  };
  await open("sign-in");
  for (const key of ["a", "d", "a", "Tab", "p", "w", "Enter"]) await page.keyboard.press(key);
  await page.waitForURL(`${origin}/auth/sign-in`);
  await open("sign-in-wrong");
  for (const key of ["p", "w", "2", "Enter"]) await page.keyboard.press(key);
  await page.waitForURL(`${origin}/auth/sign-in`);
  await open("sign-in-token");
  for (const key of ["t", "o", "k", "Enter"]) await page.keyboard.press(key);
  await page.waitForURL(`${origin}/auth/sign-in`);
  // No key that is held down signs anybody out.
  await page.goto(`${origin}/sign-out`);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForURL(`${origin}/auth/sign-out`);

  const return_to = "/reports?year=2026";
  assert.deepEqual(posts.map(({ url, fields }) => [url, fields]), [
    ["/auth/sign-in", { return_to, name: "ada", password: "pw" }],
    ["/auth/sign-in", { return_to, name: "ada", password: "pw2" }],
    ["/auth/sign-in", { return_to, access_token: "tok" }],
    ["/auth/sign-out", {}],
  ]);
  for (const { headers } of posts) {
    assert.equal(headers.origin, origin);
    assert.equal(headers["sec-fetch-site"], "same-origin");
  }
});

test("no page can be framed", LIMIT, async (t) => {
  const { browser, origin, names } = await stage(t);
  const page = await (await newVisitor(browser)).newPage();
  await page.goto(`${origin}/another`);
  const framed = (name) =>
    page.evaluate(async (address) => {
      const frame = document.createElement("iframe");
      const loaded = new Promise((done) => (frame.onload = done));
      frame.src = address;
      document.body.replaceChildren(frame);
      await loaded;
      return frame.contentDocument?.querySelector("h1")?.textContent ?? null;
    }, name);
  assert.equal(await framed("/another"), "another page");
  for (const name of names) assert.equal(await framed(name), null, name);
});
