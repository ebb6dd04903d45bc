// What the middlewares pass on to the service: one request for one, and no more of it than is judged.
// In the service's place stands a socket that keeps what arrives.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { connect, createServer as createSocket } from "node:net";
import { after, before, test } from "node:test";

import { serve } from "@hono/node-server";
import { Hono } from "hono";

import { ApplyCookies as EdgeApplyCookies } from "../../server/edge.js";
import { applyCookies as forExpress } from "../../server/express.js";
import { applyCookies as forHono } from "../../server/hono.js";
import { ApplyCookies } from "../../server/server.js";
import { SECRET } from "./support/service.mjs";

const ORIGIN = "https://app.example";
const PATH = "/__apply-cookies";

let service, apps;
/** What has arrived on each connection. @type {string[]} */
let arrived = [];

const listening = async (server) => {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server.address().port;
};

before(async () => {
  service = createSocket({ allowHalfOpen: true }, (socket) => {
    const index = arrived.push("") - 1;
    const answer = () => socket.end("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let timer = setTimeout(answer, 200);
    socket.setEncoding("latin1").on("data", (bytes) => {
      arrived[index] += bytes;
      clearTimeout(timer);
      timer = setTimeout(answer, 200);
    });
    socket.on("error", () => {});
  });
  const settings = { secret: SECRET, origins: [ORIGIN], forward: `http://127.0.0.1:${await listening(service)}` };
  const express = forExpress(new ApplyCookies(settings));
  const hono = new Hono();
  hono.use(forHono(new EdgeApplyCookies(settings)));
  const honoServer = await new Promise((resolve) => {
    const server = serve({ fetch: hono.fetch, port: 0, hostname: "127.0.0.1" }, () => resolve(server));
  });
  const expressServer = createServer((request, response) => express(request, response, () => response.end()));
  await listening(expressServer);
  apps = { express: expressServer, hono: honoServer };
});
after(() => {
  for (const app of Object.values(apps)) {
    app.closeAllConnections();
    app.close();
  }
  service.close();
});

/** Sends bytes to an app, and gives the status of its answer. */
const send = (app, bytes) =>
  new Promise((resolve, reject) => {
    const socket = connect(apps[app].address().port, "127.0.0.1", () => socket.write(bytes));
    let answer = "";
    socket.setEncoding("latin1").on("error", reject);
    socket.on("data", (some) => {
      answer += some;
      if (!answer.includes("\r\n\r\n")) return;
      socket.destroy();
      resolve(Number(answer.split(" ", 2)[1]));
    });
  });

const chunked = (text) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;

for (const app of ["express", "hono"]) {
  for (const method of ["GET", "DELETE", "OPTIONS"]) {
    test(`${app}: the body of a ${method} is not the service's next request`, async () => {
      arrived = [];
      const inner = `POST ${PATH} HTTP/1.1\r\nHost: a\r\nOrigin: ${ORIGIN}\r\n\r\n`;
      const head = `${method} ${PATH} HTTP/1.1\r\nHost: a\r\n`;
      assert.equal(await send(app, `${head}Transfer-Encoding: chunked\r\n\r\n${chunked(inner)}`), 413);
      assert.equal(await send(app, `${head}Content-Length: ${inner.length}\r\n\r\n${inner}`), 413);
      assert.equal(arrived.length, 2);
      for (const all of arrived) {
        assert.match(all, new RegExp(`^${method} ${PATH} HTTP/1.1\r\n`));
        assert.doesNotMatch(all, /POST/);
      }
    });
  }
}

test("express: a POST without a length is passed on as it is", async () => {
  arrived = [];
  assert.equal(await send("express", `POST ${PATH} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunked("t=e1.x")}`), 413);
  assert.match(arrived[0], /transfer-encoding: chunked\r\n\r\n6\r\nt=e1.x\r\n0\r\n\r\n$/i);
});

test("hono: of a body without an end no more is held than the service looks at", async () => {
  arrived = [];
  const chunk = `10000\r\n${"x".repeat(65_536)}\r\n`;
  // It never ends: whoever waits for all of it never answers.
  assert.equal(await send("hono", `POST ${PATH} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}${chunk}`), 413);
  assert.ok(arrived[0].length < 3 * 65_536, `${arrived[0].length}`);
});
