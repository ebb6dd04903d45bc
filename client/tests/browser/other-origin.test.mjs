import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { answerTo } from "./support/answers.mjs";
import { newVisitor } from "./support/browser.mjs";
import { cookiesOf, freshToken, openPage, post, postsOf, signIn, whoHas } from "./support/demo-page.mjs";
import { LIMIT, setStage } from "./support/stage.mjs";
import { startStranger } from "./support/stranger.mjs";

const stage = setStage();
let stranger;
before(async () => (stranger = await startStranger()));
after(() => stranger?.stop());

// Ports do not make a site: the first page is same-site, and the browser sends it every cookie.
const PAGES = [
  ["of the same site", "127.0.0.1", "same-site"],
  ["of another site", "localhost", "cross-site"],
];

// Each runs on the stranger's page, and returns what the script there can see.
const ATTEMPTS = {
  "fetch in cors mode": ({ endpoint, token }) =>
    fetch(endpoint, {
      method: "POST",
      credentials: "include",
      body: new URLSearchParams({ t: token, r: "stranger" }),
    }).then((answer) => answer.type, (error) => error.name),
  "fetch in no-cors mode": ({ endpoint, token }) =>
    fetch(endpoint, {
      method: "POST",
      mode: "no-cors",
      credentials: "include",
      body: new URLSearchParams({ t: token, r: "stranger" }),
    }).then((answer) => answer.type, (error) => error.name),
  "a form": ({ endpoint, token }) => {
    const form = document.createElement("form");
    form.method = "POST";
    form.action = endpoint;
    const field = document.createElement("input");
    field.name = "t";
    field.value = token;
    form.append(field);
    document.body.append(form);
    form.submit();
  },
};
const LEARNT = { "fetch in cors mode": "TypeError", "fetch in no-cors mode": "opaque", "a form": undefined };

for (const [kind, host, site] of PAGES) {
  for (const [attempt, run] of Object.entries(ATTEMPTS)) {
    test(`a page ${kind} cannot redeem a visitor's token by ${attempt}`, LIMIT, async (t) => {
      const { url } = stage.demo;
      const context = await newVisitor(stage.browser);
      t.after(() => context.close());
      const page = await openPage(context, url);
      const token = await freshToken(page);
      const before = await cookiesOf(context, url);

      const bad = await context.newPage();
      const posts = postsOf(bad);
      await bad.goto(`http://${host}:${stranger.port}/`);
      const endpoint = `${url}__apply-cookies`;
      const answered = await answerTo(bad, "POST", endpoint);
      const learnt = await bad.evaluate(run, { endpoint, token });
      const answer = await answered();

      assert.equal(learnt, LEARNT[attempt]);
      assert.equal(posts.length, 1);
      assert.equal(answer.asked["sec-fetch-site"], site);
      assert.equal(answer.status, 403);
      const names = Object.keys(answer.headers);
      assert.ok(names.includes("content-type"));
      assert.ok(!names.includes("set-cookie"));
      assert.ok(!names.some((name) => name.startsWith("access-control-")));
      assert.deepEqual(await cookiesOf(context, url), before);
      // The answer to a form is a page; what a fetch was refused for is not to be read by anybody.
      if (attempt === "a form") await bad.getByText('"type":"origin"').waitFor();

      // It was refused before it was read, so the visitor has lost nothing.
      assert.deepEqual(await post(page, token), { status: 204, type: undefined });
      assert.equal((await cookiesOf(context, url)).practice.httpOnly, true);
    });
  }

  test(`a page ${kind} cannot sign a visitor out`, LIMIT, async (t) => {
    const { url } = stage.demo;
    const context = await newVisitor(stage.browser);
    t.after(() => context.close());
    const page = await openPage(context, url);
    await signIn(page, "Grace");
    const { session } = await cookiesOf(context, url);

    const bad = await context.newPage();
    await bad.goto(`http://${host}:${stranger.port}/`);
    const address = `${url}demo/sign-out`;
    const answered = await answerTo(bad, "GET", address);
    await bad.evaluate(
      (stream) => fetch(stream, { mode: "no-cors", credentials: "include" }).then(() => {}, () => {}),
      address,
    );
    assert.equal((await answered()).status, 403);
    assert.equal(await whoHas(url, session.value), "Grace");
  });
}
