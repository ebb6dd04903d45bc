// Fastify over real sockets, with the real service.

import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { after, before, test } from "node:test";

import fastify from "fastify";

import { applyCookies } from "../../server/fastify.js";
import { ApplyCookies } from "../../server/server.js";
import { startService } from "./support/service.mjs";
import { Visitor } from "./support/visitor.mjs";

let app, service, origin;
const warnings = [];
const routes = new Map();
const tick = () => new Promise((resolve) => setTimeout(resolve, 20));

before(async () => {
  // The service must know the origin, so a first listen finds a port.
  app = fastify({ forceCloseConnections: true });
  const probe = fastify();
  origin = await probe.listen({ host: "127.0.0.1", port: 0 });
  await probe.close();
  service = await startService([origin], { api: false });
  const settings = { secret: service.secret, origins: [origin], forward: service.publicly };
  const deployment = new ApplyCookies({ ...settings, warn: (message) => warnings.push(message) });
  await app.register(applyCookies, { deployment });
  app.get("/*", (request, reply) => routes.get(request.url)(request, reply));
  await app.listen({ host: "127.0.0.1", port: Number(new URL(origin).port) });
  await service.ready();
});
after(async () => {
  await app.close();
  await service?.stop();
});

const at = async (path, handler) => {
  routes.set(path, handler);
  const visitor = new Visitor(origin);
  assert.equal((await visitor.bind()).status, 204);
  return visitor;
};

test("before the headers leave, a cookie is an ordinary Set-Cookie beside those of others", async () => {
  const visitor = await at("/plain", async (request, reply) => {
    reply.header("set-cookie", "theme=dark").cookies.set("app_session", "8f14e45f");
    return { ok: true };
  });
  const answer = await visitor.fetch("/plain");
  assert.equal(answer.headers.get("content-length"), "11");
  assert.deepEqual(answer.headers.getSetCookie(), ["theme=dark", "app_session=8f14e45f; Path=/; HttpOnly; SameSite=Lax"]);
});

test("a stream that is sent carries tokens in front of its next event", async () => {
  const visitor = await at("/events", (request, reply) => {
    const events = async function* () {
      yield "data: checking\n\n";
      await tick();
      reply.cookies.set("app_session", "ada");
      yield "event: done\ndata:\n\n";
    };
    return reply.type("text/event-stream").send(Readable.from(events()));
  });
  const { events } = await visitor.events("/events");
  assert.deepEqual(events.map((event) => (event.token ? "token" : event)), ["data: checking", "token", "event: done\ndata:"]);
  assert.equal(visitor.jar.get("app_session"), "ada");
});

test("so does a response that was hijacked", async () => {
  const visitor = await at("/raw", async (request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { "content-type": "text/event-stream" });
    reply.raw.write("data: checking\n\n");
    reply.cookies.set("app_session", "ada");
    await reply.cookies.flush();
    reply.raw.end();
  });
  await visitor.events("/raw");
  assert.equal(visitor.jar.get("app_session"), "ada");
});

test("a handler that fails sends no cookie, and says so", async () => {
  warnings.length = 0;
  const visitor = await at("/fails", async (request, reply) => {
    reply.cookies.set("app_session", "ada");
    throw new Error("broken");
  });
  const answer = await visitor.fetch("/fails");
  assert.deepEqual([answer.status, answer.headers.getSetCookie()], [500, []]);
  assert.deepEqual(warnings, ["cookies are lost (app_session): the handler failed with 500"]);
});
