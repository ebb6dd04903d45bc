// Express over real sockets, with the real service: what is set before and after the headers arrives,
// and what cannot arrive is an exception.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import compression from "compression";
import express from "express";
import { WebSocketServer } from "ws";

import { applyCookies } from "../../server/express.js";
import { ApplyCookies } from "../../server/server.js";
import { bindHandshake, handleSocket } from "../../server/ws.js";
import { startService } from "./support/service.mjs";
import { Visitor } from "./support/visitor.mjs";

let service, server, origin;
const warnings = [];
/** What a test's handlers are, by path. */
const routes = new Map();

before(async () => {
  const app = express().set("env", "test");
  server = createServer(app);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${server.address().port}`;
  service = await startService([origin], { api: false });
  const deployment = new ApplyCookies({
    secret: service.secret,
    origins: [origin],
    forward: service.publicly,
    warn: (message) => warnings.push(message),
  });
  app.use("/outside", compression({ threshold: 0 }));
  app.use(applyCookies(deployment));
  app.use("/twice", applyCookies(deployment));
  app.use("/inside", compression({ threshold: 0 }));
  app.get(/.*/, (request, response) => routes.get(request.path)(request, response));
  app.use((error, request, response, next) => (response.headersSent ? next(error) : response.status(500).send("sorry")));
  const sockets = new WebSocketServer({ server });
  sockets.on("headers", bindHandshake);
  sockets.on("connection", (socket, request) => routes.get(request.url)(handleSocket(socket, request), socket));
  await service.ready();
});
after(async () => {
  server.closeAllConnections();
  server.close();
  await service?.stop();
});

const tick = () => new Promise((resolve) => setTimeout(resolve, 20));

/** A visitor with a binding, at a handler of the test's own. */
const at = async (path, handler, { bound = true } = {}) => {
  routes.set(path, handler);
  const visitor = new Visitor(origin);
  if (bound) assert.equal((await visitor.bind()).status, 204);
  return visitor;
};

test("before the headers leave, a cookie is an ordinary Set-Cookie beside those of others", async () => {
  const visitor = await at("/plain", (request, response) => {
    response.cookies.set("app_session", "8f14e45f", { maxAge: 3600, sameSite: "Strict" });
    response.cookies.delete("old", { path: "/app" });
    response.writeHead(201, "Made", { "set-cookie": ["theme=dark"], "x-own": "1" }).end("ok");
  });
  const answer = await visitor.fetch("/plain");
  assert.deepEqual([answer.status, answer.statusText, answer.headers.get("x-own")], [201, "Made", "1"]);
  assert.deepEqual(answer.headers.getSetCookie(), [
    "theme=dark",
    "app_session=8f14e45f; Path=/; Max-Age=3600; HttpOnly; SameSite=Strict",
    "old=; Path=/app; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly",
  ]);
  assert.equal(answer.headers.get("content-length"), null);
});

test("headers are taken in each form that `writeHead` has", async () => {
  const forms = [
    [200, { "x-own": "1" }],
    [200, undefined, { "x-own": "1" }],
    [200, "Fine", ["x-own", "1"]],
    [200, [["x-own", "1"]]],
  ];
  for (const form of forms) {
    const visitor = await at("/form", (request, response) => {
      response.cookies.set("a", "b");
      response.writeHead(...form).end();
    });
    const answer = await visitor.fetch("/form");
    assert.deepEqual([answer.headers.get("x-own"), visitor.jar.get("a")], ["1", "b"], JSON.stringify(form));
  }
});

test("registered twice, it is there once", async () => {
  const handler = (request, response) => {
    response.type("text/event-stream").flushHeaders();
    response.cookies.set("a", "b");
    response.end();
  };
  const visitor = await at("/twice", handler, { bound: false });
  const { events, headers } = await visitor.events("/twice");
  assert.deepEqual([events.length, headers.getSetCookie().length, visitor.jar.get("a")], [1, 1, "b"]);
});

test("a response keeps its length", async () => {
  const visitor = await at("/sent", (request, response) => {
    response.cookies.set("a", "b");
    response.send("hello");
  });
  const answer = await visitor.fetch("/sent");
  assert.equal(answer.headers.get("content-length"), "5");
  assert.equal(visitor.jar.get("a"), "b");
});

test("in a stream a token stands in front of the next chunk, and the browser gets the cookie", async () => {
  const visitor = await at("/events", async (request, response) => {
    response.type("text/event-stream").write("data: checking\n\n");
    await tick();
    response.cookies.set("app_session", "ada", { maxAge: 60 });
    assert.equal(response.cookies.get("app_session"), "ada");
    response.end("event: done\ndata:\n\n");
  });
  const { headers, events } = await visitor.events("/events");
  assert.deepEqual(events.map((event) => event.token ? "token" : event), ["data: checking", "token", "event: done\ndata:"]);
  assert.equal(visitor.jar.get("app_session"), "ada");
  assert.equal(headers.get("cache-control"), "no-store");
});

test("between two chunks nothing waits: a token leaves by itself", async () => {
  const visitor = await at("/alone", async (request, response) => {
    response.type("text/event-stream").flushHeaders();
    response.cookies.set("app_session", "ada");
    while (!visitor.jar.has("app_session")) await tick();
    response.end();
  });
  assert.equal((await visitor.events("/alone")).events.length, 1);
});

test("a token never stands inside an event of the app", async () => {
  const visitor = await at("/halves", async (request, response) => {
    response.type("text/event-stream");
    response.write("data: one\n");
    response.cookies.set("first", "1");
    const sent = response.cookies.flush();
    await tick();
    response.write("data: two\r\n\r\ndata: ");
    await sent;
    response.cookies.set("second", "2");
    response.write(Buffer.from("three\n"));
    response.write("\n");
    response.end();
  });
  const answer = await visitor.fetch("/halves");
  const text = (await answer.text()).replace(/\{"token":"[^"]+"\}/g, "…");
  const frame = "event: apply-cookies\ndata: …\n\n";
  assert.equal(text, `data: one\ndata: two\r\n\r\n${frame}data: three\n\n${frame}`);
});

test("what is set at the very end of a stream still arrives", async () => {
  const visitor = await at("/end", (request, response) => {
    response.type("text/event-stream").write("data: a\n\n");
    response.cookies.set("app_session", "ada");
    response.end();
  });
  await visitor.events("/end");
  assert.equal(visitor.jar.get("app_session"), "ada");
});

test("after the headers of anything else, `set` throws and says what to do", async () => {
  const visitor = await at("/late", (request, response) => {
    response.type("text/plain").write("x");
    assert.throws(() => response.cookies.set("a", "b"), { name: "LostCookie", message: /before the first write/ });
    response.end(response.cookies.state);
  });
  assert.equal(await (await visitor.fetch("/late")).text(), "xclosed");
});

test("after the end of a stream, `set` throws", async () => {
  let cookies;
  const visitor = await at("/over", (request, response) => {
    cookies = response.cookies;
    response.type("text/event-stream").write("data: a\n\n");
    response.end();
  });
  await visitor.events("/over");
  assert.throws(() => cookies.set("a", "b"), { name: "LostCookie", message: /has ended/ });
});

test("behind compression, tokens are compressed with the stream, and leave at once", async () => {
  const visitor = await at("/outside/events", async (request, response) => {
    response.type("text/event-stream").write("data: checking\n\n");
    response.flush();
    response.cookies.set("app_session", "ada");
    while (!visitor.jar.has("app_session")) await tick();
    response.end("data: bye\n\n");
  });
  const { headers, events } = await visitor.events("/outside/events", { headers: { "accept-encoding": "gzip" } });
  assert.equal(headers.get("content-encoding"), "gzip");
  assert.equal(events.length, 3);
});

test("in front of compression, `set` throws and names the order", async () => {
  let thrown;
  const visitor = await at("/inside/events", (request, response) => {
    response.cookies.set("early", "1");
    response.type("text/event-stream").write("data: checking\n\n");
    try {
      response.cookies.set("a", "b");
    } catch (error) {
      thrown = error;
    }
    response.end();
  });
  const { headers, events } = await visitor.events("/inside/events", { headers: { "accept-encoding": "gzip" } });
  assert.equal(headers.get("content-encoding"), "gzip");
  assert.deepEqual(events, ["data: checking"]);
  assert.equal(thrown?.name, "LostCookie");
  assert.match(thrown.message, /register applyCookies\(\) after compression\(\)/);
  assert.equal(visitor.jar.get("early"), "1");
});

test("a browser without a binding gets one with the head of its stream", async () => {
  const handler = async (request, response) => {
    response.type("text/event-stream").flushHeaders();
    response.cookies.set("app_session", "ada");
    response.end();
  };
  const visitor = await at("/first", handler, { bound: false });
  await visitor.events("/first");
  assert.match(visitor.lines[0], /^apply-cookies=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
  assert.equal(visitor.jar.get("app_session"), "ada");
});

test("a page of another site gets no token, and the handler is told", async () => {
  let thrown;
  const visitor = await at("/foreign", (request, response) => {
    response.type("text/event-stream").flushHeaders();
    try {
      response.cookies.set("a", "b");
    } catch (error) {
      thrown = error;
    }
    response.end();
  });
  for (const headers of [{ origin: "https://evil.example" }, { "sec-fetch-site": "cross-site" }, { "sec-purpose": "prefetch" }]) {
    thrown = undefined;
    const { events } = await visitor.events("/foreign", { headers });
    assert.deepEqual([events, thrown?.name], [[], "LostCookie"], JSON.stringify(headers));
  }
});

test("of two bindings neither is taken, and the handler is told", async () => {
  let thrown;
  const visitor = await at("/two", (request, response) => {
    response.type("text/event-stream").flushHeaders();
    try {
      response.cookies.set("a", "b");
    } catch (error) {
      thrown = error;
    }
    response.end();
  });
  const cookie = `${visitor.cookie}; ${visitor.cookie}`;
  await visitor.events("/two", { headers: { cookie } });
  assert.equal(thrown?.name, "NoBinding");
});

test("a handler that fails before the headers sends no cookie, and says so", async () => {
  warnings.length = 0;
  const visitor = await at("/fails", async (request, response) => {
    response.cookies.set("app_session", "ada");
    throw new Error("broken");
  });
  const answer = await visitor.fetch("/fails");
  assert.equal(answer.status, 500);
  assert.deepEqual(answer.headers.getSetCookie(), []);
  assert.deepEqual(warnings, ["cookies are lost (app_session): the handler failed with 500"]);
});

test("a handler that fails inside its stream says what is lost, and never the value", async () => {
  warnings.length = 0;
  const visitor = await at("/breaks", async (request, response) => {
    response.type("text/event-stream").write("data: half");
    response.cookies.set("app_session", "sekrit");
    throw new Error("broken");
  });
  await assert.rejects(visitor.events("/breaks"));
  for (let tries = 0; warnings.length === 0 && tries < 100; tries++) await tick();
  assert.match(warnings.join(), /^cookies are lost \(app_session\)/);
  assert(!warnings.join().includes("sekrit"));
});

test("an operation that no browser would be sent is refused by its field", async () => {
  const thrown = [];
  const visitor = await at("/wrong", (request, response) => {
    const tries = [["a b", "c"], ["a", "b c"], ["__Host-a", "b", { path: "/x" }], ["a", "b", { maxage: 3 }]];
    for (const [name, value, attributes] of tries) {
      try {
        response.cookies.set(name, value, attributes);
      } catch (error) {
        thrown.push([error.name, error.field]);
      }
    }
    response.end();
  });
  await visitor.fetch("/wrong");
  assert.deepEqual(thrown.map(([, field]) => field), ["name", "value", "path", "maxage"]);
  assert(thrown.every(([name]) => name === "InvalidOperation"));
});

test("a sign-out refuses the tokens before it", async () => {
  const visitor = await at("/out", async (request, response) => {
    response.type("text/event-stream").flushHeaders();
    response.cookies.set("app_session", "ada");
    await response.cookies.flush();
    await tick();
    response.cookies.push({ op: "delete", name: "app_session" }, { barrier: true });
    response.end();
  });
  const { events } = await visitor.events("/out", { redeem: false });
  const [older, out] = events.map(({ token }) => token);
  assert.equal((await visitor.redeem(out)).status, 204);
  assert.equal((await visitor.redeem(older)).status, 410);
});

test("what the same response sets after its sign-out arrives, were it in the same millisecond", async () => {
  const visitor = await at("/again", async (request, response) => {
    response.type("text/event-stream").flushHeaders();
    response.cookies.push({ op: "delete", name: "app_session" }, { barrier: true });
    await response.cookies.flush();
    response.cookies.set("flash", "bye");
    response.end();
  });
  const { events } = await visitor.events("/again");
  assert.equal(events.length, 2);
  assert.equal(visitor.jar.get("flash"), "bye");
});

test("what comes after a token is said with the answer to its POST", async () => {
  const visitor = await at("/then", (request, response) => {
    response.type("text/event-stream").flushHeaders();
    response.cookies.push({ op: "set", name: "a", value: "b" }, { then: { go: "/account" } });
    response.end();
  });
  const { events } = await visitor.events("/then", { redeem: false });
  assert.equal((await visitor.redeem(events[0].token)).headers.get("apply-cookies-then"), "go /account");
});

test("more cookies than a token holds travel in several", async () => {
  const names = Array.from({ length: 45 }, (_, i) => `c${i}`);
  const visitor = await at("/many", (request, response) => {
    response.type("text/event-stream").flushHeaders();
    for (const name of names) response.cookies.set(name, "x");
    response.end();
  });
  const { events } = await visitor.events("/many");
  assert.equal(events.length, 3);
  assert(names.every((name) => visitor.jar.has(name)));
});

test("over a socket, a cookie travels in front of the next message and by itself", async () => {
  const visitor = await at("/socket", (cookies, socket) => {
    socket.on("message", (message) => {
      cookies.set("theme", String(message));
      if (String(message) === "dark") socket.send(Buffer.from([1, 2, 3]));
    });
  });
  const socket = await visitor.socket("/socket");
  socket.send("dark");
  const { token } = await socket.next();
  assert.deepEqual([...(await socket.next())], [1, 2, 3]);
  assert.equal((await visitor.redeem(token)).status, 204);
  assert.equal(visitor.jar.get("theme"), "dark");
  socket.send("light");
  assert.equal((await visitor.redeem((await socket.next()).token)).status, 204);
  assert.equal(visitor.jar.get("theme"), "light");
  socket.close();
});

test("a socket of a browser without a binding gets one with its 101", async () => {
  const visitor = await at("/bare", (cookies) => cookies.set("theme", "dark"), { bound: false });
  const socket = await visitor.socket("/bare");
  assert.equal((await visitor.redeem((await socket.next()).token)).status, 204);
  socket.close();
});

test("another browser's token is refused", async () => {
  const visitor = await at("/theirs", (request, response) => {
    response.type("text/event-stream").flushHeaders();
    response.cookies.set("app_session", "mallory");
    response.end();
  });
  const { events } = await visitor.events("/theirs", { redeem: false });
  const other = new Visitor(origin);
  await other.bind();
  assert.equal((await other.redeem(events[0].token)).status, 403);
});

test("the page's module is served through the app", async () => {
  const answer = await fetch(`${origin}/__apply-cookies/client.js`);
  assert.match(await answer.text(), /EventSource|apply-cookies/);
  const again = await fetch(`${origin}/__apply-cookies/client.js`, { headers: { "if-none-match": answer.headers.get("etag") } });
  assert.equal(again.status, 304);
});
