// Hono, and any function that answers with a `Response`, over real sockets with the real service.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { compress } from "hono/compress";
import { streamSSE } from "hono/streaming";

import { ApplyCookies, respond } from "../../server/edge.js";
import { applyCookies } from "../../server/hono.js";
import { startService } from "./support/service.mjs";
import { Visitor } from "./support/visitor.mjs";

let service, server, origin, deployment;
const warnings = [];
const routes = new Map();
const tick = () => new Promise((resolve) => setTimeout(resolve, 20));

before(async () => {
  const app = new Hono();
  await new Promise((resolve) => (server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, resolve)));
  origin = `http://127.0.0.1:${server.address().port}`;
  service = await startService([origin], { api: false });
  const settings = { secret: service.secret, origins: [origin], forward: service.publicly };
  deployment = new ApplyCookies({ ...settings, warn: (message) => warnings.push(message) });
  const middleware = applyCookies(deployment);
  app.use(middleware);
  app.use("/first", middleware);
  app.use("/inside/*", compress({ encoding: "gzip" }));
  app.get("*", (c) => routes.get(c.req.path)(c));
  app.onError((error, c) => c.text("sorry", 500));
  await service.ready();
});
after(async () => {
  server.closeAllConnections();
  server.close();
  await service?.stop();
});

const at = async (path, handler, { bound = true } = {}) => {
  routes.set(path, handler);
  const visitor = new Visitor(origin);
  if (bound) assert.equal((await visitor.bind()).status, 204);
  return visitor;
};

test("before the headers leave, a cookie is an ordinary Set-Cookie beside those of others", async () => {
  const visitor = await at("/plain", (c) => {
    c.header("set-cookie", "theme=dark");
    c.var.cookies.set("app_session", "8f14e45f", { maxAge: 3600 });
    return c.text("ok", 201);
  });
  const answer = await visitor.fetch("/plain");
  assert.equal(answer.status, 201);
  assert.deepEqual(answer.headers.getSetCookie(), ["theme=dark", "app_session=8f14e45f; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax"]);
});

test("in a stream a token stands in front of the next event, and the browser gets the cookie", async () => {
  const visitor = await at("/events", (c) =>
    streamSSE(c, async (stream) => {
      await stream.writeSSE({ data: "checking" });
      await tick();
      c.var.cookies.set("app_session", "ada");
      await stream.writeSSE({ event: "done", data: "bye" });
    }),
  );
  const { events } = await visitor.events("/events");
  assert.deepEqual(events.map((event) => (event.token ? "token" : event)), ["data: checking", "token", "event: done\ndata: bye"]);
  assert.equal(visitor.jar.get("app_session"), "ada");
});

test("between two chunks nothing waits: a token leaves by itself", async () => {
  const visitor = await at("/alone", (c) =>
    streamSSE(c, async (stream) => {
      await stream.writeSSE({ data: "checking" });
      await tick();
      c.var.cookies.set("app_session", "ada");
      while (!visitor.jar.has("app_session")) await tick();
    }),
  );
  assert.equal((await visitor.events("/alone")).events.length, 2);
});

test("a token never stands inside an event of the app", async () => {
  const visitor = await at("/halves", (c) => {
    const chunks = ["data: one\n", "data: two\r\n\r\ndata: ", "three\n", "\n"];
    const body = new ReadableStream({
      async pull(controller) {
        const chunk = chunks.shift();
        if (chunk === undefined) return controller.close();
        await tick();
        if (chunk.startsWith("data: two")) c.var.cookies.set("first", "1");
        if (chunk === "\n") c.var.cookies.set("second", "2");
        controller.enqueue(new TextEncoder().encode(chunk));
      },
    }, { highWaterMark: 0 });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  });
  const answer = await visitor.fetch("/halves");
  const text = (await answer.text()).replace(/\{"token":"[^"]+"\}/g, "…");
  const frame = "event: apply-cookies\ndata: …\n\n";
  assert.equal(text, `data: one\ndata: two\r\n\r\n${frame}data: three\n\n${frame}`);
});

test("a browser without a binding gets one with the head of its stream", async () => {
  const handler = (c) =>
    streamSSE(c, async () => {
      await tick();
      c.var.cookies.set("app_session", "ada");
    });
  const visitor = await at("/first", handler, { bound: false });
  // Registered twice for this path, it is there once.
  const { headers, events } = await visitor.events("/first");
  assert.deepEqual([events.length, headers.getSetCookie().length], [1, 1]);
  assert.match(visitor.lines[0], /^apply-cookies=[\w-]{43}; /);
  assert.equal(visitor.jar.get("app_session"), "ada");
});

test("after the headers of anything else, and in a compressed stream, `set` throws and says what to do", async () => {
  const thrown = [];
  const later = async (c) => {
    await tick();
    try {
      c.var.cookies.set("a", "b");
    } catch (error) {
      thrown.push(error);
    }
  };
  const visitor = await at("/late", (c) => {
    later(c);
    return c.text("x");
  });
  await visitor.fetch("/late");
  routes.set("/inside/events", (c) => {
    const body = new ReadableStream({
      async pull(controller) {
        await later(c);
        controller.enqueue(new TextEncoder().encode("data: x\n\n"));
        controller.close();
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream", "content-encoding": "br" } });
  });
  (await visitor.fetch("/inside/events", { headers: { "accept-encoding": "identity" } }).catch(() => null))?.body?.cancel().catch(() => {});
  while (thrown.length < 2) await tick();
  assert.deepEqual(thrown.map(({ name }) => name), ["LostCookie", "LostCookie"]);
  assert.match(thrown[0].message, /before the first write/);
  assert.match(thrown[1].message, /compress/);
});

test("a handler that fails sends no cookie, and says so", async () => {
  warnings.length = 0;
  const visitor = await at("/fails", (c) => {
    c.var.cookies.set("app_session", "ada");
    throw new Error("broken");
  });
  const answer = await visitor.fetch("/fails");
  assert.deepEqual([answer.status, answer.headers.getSetCookie()], [500, []]);
  assert.deepEqual(warnings, ["cookies are lost (app_session): the handler failed with 500"]);
});

test("a stream that fails says what is lost", async () => {
  warnings.length = 0;
  const visitor = await at("/breaks", (c) => {
    const body = new ReadableStream({
      async pull(controller) {
        controller.enqueue(new TextEncoder().encode("data: half"));
        await tick();
        c.var.cookies.set("app_session", "sekrit");
        controller.error(new Error("broken"));
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  });
  await visitor.events("/breaks").catch(() => {});
  while (warnings.length === 0) await tick();
  assert.equal(warnings[0], "cookies are lost (app_session): the event stream has failed");
});

test("a client that goes away ends the app's stream, and what is queued is said to be lost", async () => {
  warnings.length = 0;
  let cancelled = false;
  const visitor = await at("/gone", (c) => {
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode("data: half")),
      cancel: () => void (cancelled = true),
    });
    setTimeout(() => c.var.cookies.set("app_session", "ada"), 20);
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  });
  const answer = await visitor.fetch("/gone");
  await tick();
  await answer.body.cancel();
  while (!cancelled) await tick();
  assert.equal(warnings[0], "cookies are lost (app_session): the client has gone");
});

test("without a framework: `respond` does the same", async () => {
  const visitor = await at("/any", async (c) =>
    respond(deployment, c.req.raw, async (cookies) => {
      cookies.set("app_session", "ada");
      return new Response("ok");
    }),
  );
  await visitor.fetch("/any");
  assert.equal(visitor.jar.get("app_session"), "ada");
});

test("a function that fails sends nothing, and says what is lost", async () => {
  warnings.length = 0;
  const failing = respond(deployment, new Request(origin), (cookies) => {
    cookies.set("app_session", "ada");
    throw new Error("broken");
  });
  await assert.rejects(failing, /broken/);
  assert.deepEqual(warnings, ["cookies are lost (app_session): the handler has failed"]);
});

test("a protected value is read back, and another cookie's is not", async () => {
  const session = deployment.cookie("app_session", { maxAge: 60 });
  const operation = await session.write({ user: "ada" });
  const asked = (cookie) => new Request(origin, { headers: { cookie } });
  assert.deepEqual(await session.read(asked(`app_session=${operation.value}`)), { user: "ada" });
  assert.equal((await deployment.cookie("other").find(asked(`other=${operation.value}`))).reason, "forged");
  assert.equal((await session.find(asked("a=b"))).reason, "absent");
});
