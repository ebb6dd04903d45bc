// The helper for apps' own tests, and what the settings refuse.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { ApplyCookies as Edge, respond } from "../../server/edge.js";
import { readOne } from "../../server/secrets.js";
import { ApplyCookies, BadSecret } from "../../server/server.js";
import { Browser, settled } from "../../server/testing.js";
import { SECRET } from "./support/service.mjs";

const settings = { secret: SECRET, origins: ["https://app.example"] };
const operations = [{ op: "set", name: "app_session", value: "ada" }];

for (const [name, deployment] of [["server", new ApplyCookies(settings)], ["edge", new Edge(settings)]]) {
  test(`${name}: a browser takes what was minted for it, once, and nothing of others`, async () => {
    const browser = new Browser(deployment);
    const binding = browser.jar.get("__Host-apply-cookies");
    const [{ token, receipt, issuedAt, expiresAt }] = await deployment.mint({ binding, operations });
    assert.match(receipt, /^[\w-]{22}$/);
    assert.equal(expiresAt - issuedAt, 60_000);
    const frame = `data: a\n\nevent: apply-cookies\ndata: {"token":"${token}"}\n\n`;
    assert.deepEqual(await browser.take(frame), ["app_session=ada; Path=/; Secure; HttpOnly; SameSite=Lax"]);
    assert.match(browser.cookie, /; app_session=ada$/);
    await assert.rejects(browser.take(frame), /used already/);
    await assert.rejects(new Browser(deployment).take(`{"type":"apply-cookies","token":"${token}"}`), { step: "wrong-browser" });
  });

  test(`${name}: a token that nobody could redeem is not made`, async () => {
    const binding = Buffer.alloc(32, 1).toString("base64url");
    const refused = [
      [{ operations }, "binding"],
      [{ operations, binding: "x" }, "binding"],
      [{ operations: [], binding }, "operations"],
      [{ operations: [...operations, ...operations], binding }, "name"],
      [{ operations, binding, ttlMs: 86_400_001 }, "ttlMs"],
      [{ operations, binding, then: { go: "//evil.example" } }, "then"],
      [{ operations: [{ ...operations[0], value: "a b" }], binding }, "value"],
    ];
    for (const [request, field] of refused) {
      await assert.rejects(async () => deployment.mint(request), { name: "InvalidOperation", field });
    }
  });
}

test("an app that waits for its cookies is told of any outcome, without a service", async () => {
  for (const [state, delivered] of [["released", true], ["expired", false]]) {
    const deployment = settled(new Edge(settings), state);
    const browser = new Browser(deployment);
    const request = new Request("https://app.example/events", { headers: { cookie: browser.cookie } });
    const answer = await respond(deployment, request, (cookies) => {
      const body = new ReadableStream({
        async start(controller) {
          controller.enqueue(new TextEncoder().encode("data: checking\n\n"));
          await new Promise((resolve) => setTimeout(resolve, 20));
          cookies.set("app_session", "ada");
          controller.enqueue(new TextEncoder().encode(`data: ${await cookies.delivered()}\n\n`));
          controller.close();
        },
      });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    });
    const text = await answer.text();
    assert(text.includes(`data: ${delivered}\n`), text);
    assert.equal((await browser.take(text)).length, 1);
  }
});

test("an attribute of another type is refused with what it must be", () => {
  const binding = Buffer.alloc(32, 1).toString("base64url");
  const wrong = [
    [{ same_site: "lax" }, /"Strict", "Lax" or "None"/],
    [{ max_age: 1.5 }, /whole number of seconds/],
    [{ http_only: "no" }, /true or false/],
    [{ value: 5 }, /a string/],
  ];
  for (const [attributes, message] of wrong) {
    assert.throws(() => new ApplyCookies(settings).mint({ binding, operations: [{ ...operations[0], ...attributes }] }), message);
  }
});

test("of several tokens the first is the barrier, and the last says what comes afterwards", () => {
  const deployment = new ApplyCookies(settings);
  const binding = Buffer.alloc(32, 1).toString("base64url");
  const many = Array.from({ length: 45 }, (_, i) => ({ op: "delete", name: `c${i}` }));
  const minted = deployment.mint({ binding, operations: many, barrier: true, then: "reload" });
  const opened = minted.map(({ token, issuedAt }) => deployment.open(token, { bindingCookie: binding, now: issuedAt }));
  assert.deepEqual(opened.map(({ barrier }) => barrier), [true, false, false]);
  assert.deepEqual(opened.map(({ then }) => then), [null, null, "reload"]);
  assert(minted[1].issuedAt > minted[0].issuedAt);
  assert.deepEqual(opened.flatMap((one) => one.operations).map(({ name }) => name), many.map(({ name }) => name));
});

/** Constructs with these variables alone. */
const inEnvironment = (variables, options = {}) => {
  const names = Object.keys(process.env).filter((name) => name.startsWith("APPLY_COOKIES_"));
  const saved = Object.fromEntries(names.map((name) => [name, process.env[name]]));
  for (const name of names) delete process.env[name];
  Object.assign(process.env, variables);
  try {
    return new ApplyCookies(options);
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name];
    Object.assign(process.env, saved);
  }
};

const random = () => Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");

test("secrets and origins come from the environment, and a wrong one is named, never shown", () => {
  const [secret, older] = [random(), random()];
  const origin = { APPLY_COOKIES_ORIGIN: "https://app.example,https://b.example" };
  const made = inEnvironment({ ...origin, APPLY_COOKIES_SECRET_KEY: `${secret}\n`, APPLY_COOKIES_PREVIOUS_KEYS: older });
  assert.deepEqual(made.origins, ["https://app.example", "https://b.example"]);
  const binding = Buffer.alloc(32, 1).toString("base64url");
  const [{ token }] = new ApplyCookies({ ...settings, secret: older }).mint({ binding, operations });
  assert.equal(made.open(token, { bindingCookie: binding }).operations[0].name, "app_session");

  const wrong = [
    [{}, "too-short"],
    [{ APPLY_COOKIES_SECRET_KEY: SECRET }, "published"],
    [{ APPLY_COOKIES_SECRET_KEY: `"${secret}"` }, "quoted"],
    [{ APPLY_COOKIES_SECRET_KEY: secret, APPLY_COOKIES_SECRET_KEY_FILE: "/dev/null" }, "both"],
    [{ APPLY_COOKIES_SECRET_KEY: secret, APPLY_COOKIES_PREVIOUS_KEYS: `${older}, ${random()}` }, "white-space"],
    [{ APPLY_COOKIES_SECRET_KEY: secret, APPLY_COOKIES_PREVIOUS_KEYS: secret }, "twice"],
  ];
  for (const [variables, rule] of wrong) {
    assert.throws(
      () => inEnvironment({ ...origin, ...variables }),
      (error) => error instanceof BadSecret && error.rule === rule && ![secret, older, SECRET].some((one) => error.message.includes(one)),
      rule,
    );
  }
});

test("a secret that was drawn at random is never refused", () => {
  const from = (alphabet, length) => Array.from({ length }, () => alphabet[crypto.getRandomValues(new Uint32Array(1))[0] % alphabet.length]).join("");
  const printable = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).filter((one) => !"\"'`,;".includes(one));
  const kinds = [
    () => from("0123456789abcdef", 32),
    () => from("0123456789ABCDEF", 64),
    () => from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 32),
    () => from("abcdefghijklmnopqrstuvwxyz0123456789._-", 32),
    () => from(printable, 32),
    () => crypto.randomUUID(),
    () => Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64"),
    random,
    () => `v1:${random()}`,
  ];
  for (const kind of kinds) {
    for (let i = 0; i < 500; i++) {
      const secret = kind();
      assert.equal(readOne(secret, "X"), secret);
    }
  }
});

test("an app without origins, and development beside a secret, are refused at the start", () => {
  assert.throws(() => inEnvironment({ APPLY_COOKIES_SECRET_KEY: random() }), /APPLY_COOKIES_ORIGIN/);
  assert.throws(() => inEnvironment({}, { ...settings, origins: ["https://app.example/"] }), /scheme, host and port/);
  assert.throws(() => inEnvironment({}, { ...settings, origins: "https://app.example" }), /an array/);
  assert.throws(() => inEnvironment({}, { ...settings, forward: "127.0.0.1:8788" }), /http:\/\/127\.0\.0\.1:8788/);
  for (const service of ["/run/api.sock", "127.0.0.1:8789"]) {
    assert.throws(() => inEnvironment({}, { ...settings, service }), /unix:\/path/);
  }
  assert.throws(() => inEnvironment({ APPLY_COOKIES_SECRET_KEY: random() }, { dev: true }), /may be production/);
  assert.throws(() => inEnvironment({}, { ...settings, forward: "http://10.0.0.1:8788" }), /loopback/);
});

test("in development, a program that cannot be started is said", async () => {
  const said = [];
  for (const [program, words] of [["/nowhere/apply-cookies", /was not found/], ["/bin/false", /has ended with 1/]]) {
    const deployment = inEnvironment({}, { dev: { program }, warn: (message) => said.push(message) });
    await assert.rejects(deployment.started, words);
    assert.match(said.at(-1), words);
  }
});

test("the service of development has no setting of another deployment", async () => {
  const folder = mkdtempSync(join(tmpdir(), "apply-cookies-"));
  const program = join(folder, "program");
  writeFileSync(program, `#!/bin/sh\nenv >'${folder}/environment'\nexit 1\n`, { mode: 0o700 });
  const variables = { APPLY_COOKIES_REPLAY: "postgres://db.example/app", APPLY_COOKIES_PREVIOUS_KEYS: random(), ELSEWHERE: "kept" };
  await assert.rejects(inEnvironment(variables, { dev: { program }, warn: () => {} }).started);
  const names = readFileSync(join(folder, "environment"), "utf8").match(/^(APPLY_COOKIES_|ELSE)[A-Z_]+/gm);
  rmSync(folder, { recursive: true });
  assert.deepEqual(names.sort(), ["APPLY_COOKIES_SECRET_KEY", "ELSEWHERE"]);
});
