// What the app hears from the service: receipts, and what does not fit.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import express from "express";

import { ApplyCookies as Edge } from "../../server/edge.js";
import { applyCookies } from "../../server/express.js";
import { Service as WebService } from "../../server/platform-web.js";
import { respond } from "../../server/response-web.js";
import { ApplyCookies } from "../../server/server.js";
import { freePort, startService } from "./support/service.mjs";
import { Visitor } from "./support/visitor.mjs";

let service, server, origin, folder, api, key, deployment;
const warnings = [];
const routes = new Map();
const tick = (ms = 20) => new Promise((resolve) => setTimeout(resolve, ms));
const warn = (message) => warnings.push(message);

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "apply-cookies-"));
  key = randomBytes(32).toString("base64url");
  writeFileSync(join(folder, "keys"), `${key}\n`, { mode: 0o600 });
  api = `127.0.0.1:${await freePort()}`;
  const app = express().set("env", "test");
  server = createServer(app);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${server.address().port}`;
  service = await startService([origin]);
  // It learns the origins from the service.
  deployment = new ApplyCookies({ secret: service.secret, service: service.internally, forward: service.publicly, warn });
  app.use(applyCookies(deployment));
  app.get(/.*/, (request, response) => routes.get(request.path)(request, response));
  await service.ready();
});
after(async () => {
  server.closeAllConnections();
  server.close();
  await service?.stop();
  rmSync(folder, { recursive: true });
});

const at = async (path, handler) => {
  routes.set(path, handler);
  const visitor = new Visitor(origin);
  assert.equal((await visitor.bind()).status, 204);
  return visitor;
};

/** A stream that sets one cookie, and says what became of it. */
const asking = async (path) =>
  at(path, async (request, response) => {
    response.type("text/event-stream").write("data: checking\n\n");
    response.cookies.set("app_session", "ada");
    response.end(`data: ${await response.cookies.delivered()}\n\n`);
  });

test("the origins are those that the service says", async () => {
  await deployment.started;
  assert.deepEqual(deployment.origins, [origin]);
});

test("`delivered` is true once the browser was given the cookies", async () => {
  const visitor = await asking("/taken");
  const { events } = await visitor.events("/taken");
  assert.equal(events.at(-1), "data: true");
});

test("many streams that wait are told each its own", async () => {
  const visitor = await asking("/many");
  const all = await Promise.all(Array.from({ length: 20 }, () => visitor.events("/many")));
  assert.deepEqual([...new Set(all.map(({ events }) => events.at(-1)))], ["data: true"]);
});

test("`delivered` is false, and a warning, where nobody redeems the token", async () => {
  warnings.length = 0;
  const short = new ApplyCookies({ secret: service.secret, origins: [origin], service: service.internally, ttlMs: 300, warn });
  const visitor = new Visitor(origin);
  await visitor.bind();
  const { server: other, url } = await new Promise((resolve) => {
    const middleware = applyCookies(short);
    const made = createServer((request, response) =>
      middleware(request, response, async () => {
        response.setHeader("content-type", "text/event-stream");
        response.flushHeaders();
        response.cookies.set("app_session", "ada");
        response.end(`data: ${await response.cookies.delivered()}\n\n`);
      }),
    ).listen(0, "127.0.0.1", () => resolve({ server: made, url: `http://127.0.0.1:${made.address().port}` }));
  });
  const answer = await fetch(url, { headers: { cookie: visitor.cookie, "sec-fetch-site": "same-origin" } });
  assert.match(await answer.text(), /data: false\n\n$/);
  assert.deepEqual(warnings, ["a token has expired, and nobody had redeemed it"]);
  other.close();
  applyCookies(deployment);
});

test("`delivered` is told of cookies that left with the headers, and throws before they have", async () => {
  let thrown;
  const visitor = await at("/head", async (request, response) => {
    response.cookies.set("app_session", "ada");
    await response.cookies.delivered().catch((error) => (thrown = error));
    response.type("text/event-stream");
    response.end(`data: ${await response.cookies.delivered()}\n\n`);
  });
  const { events } = await visitor.events("/head");
  assert.match(thrown.message, /have not left/);
  assert.deepEqual(events, ["data: true"]);
  assert.equal(visitor.jar.get("app_session"), "ada");
});

test("without `service`, `delivered` says what it needs", async () => {
  const bare = new ApplyCookies({ secret: service.secret, origins: [origin], warn });
  const middleware = applyCookies(bare);
  let thrown;
  const visitor = await at("/bare", (request, response) =>
    middleware(request, response, async () => {
      response.type("text/event-stream").flushHeaders();
      await response.cookies.delivered().catch((error) => (thrown = error));
      response.end();
    }),
  );
  await visitor.events("/bare");
  assert.match(thrown.message, /give `service`/);
});

/** Posts a token to a service of the test's own. */
const post = async (to, visitor, token) => {
  const body = new URLSearchParams({ t: token, r: randomBytes(16).toString("base64url") });
  const answer = await fetch(`${to.publicly}/__apply-cookies`, { method: "POST", body, headers: { origin, cookie: visitor.cookie } });
  assert.equal(answer.status, 204);
};

test("at the edge, the service is asked over HTTP with its key", async () => {
  const away = await startService([origin], { api: false, more: ["--api-listen", api, "--api-keys-file", join(folder, "keys")] });
  await away.ready();
  const edge = new Edge({ secret: away.secret, origins: [origin], warn });
  edge.service = new WebService(`http://${api}`, { key });
  const visitor = await at("/edge", () => {});
  const request = new Request(`${origin}/edge`, { headers: { cookie: visitor.cookie, "sec-fetch-site": "same-origin" } });
  const answer = await respond(edge, request, (cookies) => {
    const body = new ReadableStream({
      async pull(controller) {
        await tick();
        cookies.set("app_session", "ada");
        controller.enqueue(new TextEncoder().encode(`data: ${await cookies.delivered()}\n\n`));
        controller.close();
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  });
  let text = "";
  for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const token = /"token":"([^"]+)"/.exec(chunk)?.[1];
    if (token) await post(away, visitor, token);
  }
  assert.match(text, /data: true\n\n$/);
  await assert.rejects(new WebService(`http://${api}`, { key: "wrong" }).ask("GET", "/v1/info"), /401/);
  await away.stop();
});

test("a receipt is heard over a service that was away meanwhile", async () => {
  const socket = `unix:${join(folder, "own.sock")}`;
  const settings = ["--replay", `file:${join(folder, "replay")}`, "--api-listen", socket];
  const first = await startService([origin], { api: false, more: settings });
  const own = new ApplyCookies({ secret: first.secret, origins: [origin], service: socket, warn });
  await first.ready();
  const visitor = new Visitor(origin);
  await visitor.bind();
  const binding = visitor.jar.get("apply-cookies");
  const [{ token, receipt, expiresAt }] = own.mint({ binding, operations: [{ op: "set", name: "a", value: "b" }] });
  const outcome = own.service.outcome(receipt, expiresAt);
  await tick(200);
  await first.stop();
  rmSync(join(folder, "own.sock"), { force: true });
  const second = await startService([origin], { api: false, more: settings, secret: first.secret });
  await post(second, visitor, token);
  assert.deepEqual(await outcome, { state: "released" });
  await second.stop();
});

test("what does not fit is said at the start, in words", async () => {
  warnings.length = 0;
  const other = new ApplyCookies({ secret: randomBytes(32).toString("base64url"), origins: ["http://localhost:1"], prefix: "/c", service: service.internally, warn });
  for (let tries = 0; warnings.length < 3 && tries < 200; tries++) await tick();
  assert.match(warnings.join("\n"), new RegExp(`key id ${other.keyId}.*\\n.*prefix /__apply-cookies.*\\n.*origin http://localhost:1`));
  warnings.length = 0;
  const away = new ApplyCookies({ secret: service.secret, service: "unix:/nowhere.sock", warn });
  await assert.rejects(away.started, /ENOENT/);
  assert.match(warnings[0], /cannot be asked/);
});
