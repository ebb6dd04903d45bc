// The proxy does what its rules say: without this, a run through it would prove nothing.

import assert from "node:assert/strict";
import { createServer, request } from "node:http";
import { after, before, test } from "node:test";

import { startFaultProxy } from "../support/fault-proxy.mjs";

const LIMIT = { timeout: 20_000 };
const BODY = "t=0123456789";

/** What the server has read: a body, or the first part of one that broke off. */
let arrived;
let server;
let proxy;

before(async () => {
  server = createServer(async (incoming, response) => {
    const entry = { path: incoming.url, body: "", whole: false };
    arrived.push(entry);
    try {
      for await (const chunk of incoming.setEncoding("utf8")) entry.body += chunk;
    } catch {
      return entry.closed();
    }
    entry.whole = true;
    response.writeHead(204, ["Set-Cookie", "a=1", "Set-Cookie", "b=2"]).end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
});
after(() => {
  server.closeAllConnections();
  server.close();
});

async function start(t, rules) {
  arrived = [];
  const started = await startFaultProxy({ seed: 1, rules, port: server.address().port });
  t.after(() => started.stop());
  proxy = started;
}

/** One POST; its answer, or the code of the error that came instead, after `patience`. */
const post = ({ patience = 5_000, path = "/" } = {}) =>
  new Promise((resolve) => {
    const headers = { "content-length": BODY.length };
    const signal = AbortSignal.timeout(patience);
    const outgoing = request(proxy.origin + path, { method: "POST", headers, signal, agent: false });
    outgoing.on("error", ({ code, message }) => resolve({ error: code, message }));
    outgoing.on("response", (answer) => {
      answer.resume().on("end", () => resolve({ status: answer.statusCode, cookies: answer.headers["set-cookie"] }));
    });
    outgoing.end(BODY);
  });

const always = (on, fault, milliseconds) => [{ on, fault, share: 1, milliseconds }];
const whole = () => arrived.filter((entry) => entry.whole).map((entry) => entry.body);
const isSlow = ({ path }) => path === "/slow";
const GOOD = { status: 204, cookies: ["a=1", "b=2"] };

test("without a rule everything passes as it is", LIMIT, async (t) => {
  await start(t, []);
  assert.deepEqual(await post(), GOOD);
  assert.deepEqual(whole(), [BODY]);
  assert.deepEqual(proxy.counts, { requests: 1, passed: 1, answered: 1, down: 0 });
});

test("a lost request never arrives", LIMIT, async (t) => {
  await start(t, always("request", "lose"));
  assert.equal((await post()).error, "ECONNRESET");
  assert.deepEqual(arrived, []);
  assert.equal(proxy.counts["request lose"], 1);
});

test("a stalled request never arrives, and its connection stays open", LIMIT, async (t) => {
  await start(t, always("request", "stall"));
  assert.equal((await post({ patience: 300 })).error, "ABORT_ERR");
  assert.deepEqual(arrived, []);
});

test("a delayed request arrives after a later one", LIMIT, async (t) => {
  await start(t, [{ on: "request", fault: "delay", share: 1, milliseconds: [200, 300], when: isSlow }]);
  assert.deepEqual(await Promise.all([post({ path: "/slow" }), post()]), [GOOD, GOOD]);
  assert.deepEqual(arrived.map(({ path }) => path), ["/", "/slow"]);
});

test("a duplicated request arrives twice and is answered once", LIMIT, async (t) => {
  await start(t, always("request", "duplicate"));
  assert.deepEqual(await post(), GOOD);
  while (whole().length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(whole(), [BODY, BODY]);
});

test("a truncated request arrives by half", LIMIT, async (t) => {
  await start(t, always("request", "truncate"));
  const broken = new Promise((resolve) => {
    server.once("request", () => (arrived.at(-1).closed = resolve));
  });
  assert.equal((await post()).error, "ECONNRESET");
  await broken;
  assert.equal(arrived[0].body, BODY.slice(0, BODY.length / 2));
  assert.equal(arrived[0].whole, false);
});

for (const [fault, error] of [
  ["lose", "ECONNRESET"],
  ["reset", "ECONNRESET"],
  ["truncate", "ECONNRESET"],
  ["stall", "ABORT_ERR"],
]) {
  test(`the client gets no answer, but the server has done its work: ${fault}`, LIMIT, async (t) => {
    await start(t, always("answer", fault));
    assert.equal((await post({ patience: fault === "stall" ? 300 : 5_000 })).error, error);
    assert.deepEqual(whole(), [BODY]);
    assert.equal(proxy.counts.answered, 0);
    assert.equal(proxy.counts[`answer ${fault}`], 1);
  });
}

test("a delayed answer comes after a later one", LIMIT, async (t) => {
  await start(t, [{ on: "answer", fault: "delay", share: 1, milliseconds: [200, 300], when: isSlow }]);
  const heard = [];
  const hear = (path) => post({ path }).then((answer) => heard.push([path, answer]));
  await Promise.all([hear("/slow"), hear("/")]);
  assert.deepEqual(heard, [["/", GOOD], ["/slow", GOOD]]);
});

test("while it is down, connections are refused; then all is as before", LIMIT, async (t) => {
  await start(t, []);
  await proxy.goDown();
  assert.equal((await post()).error, "ECONNREFUSED");
  await proxy.comeBack();
  assert.deepEqual(await post(), GOOD);
});

test("going down breaks off requests in flight", LIMIT, async (t) => {
  await start(t, always("answer", "stall"));
  const open = post();
  while (whole().length < 1) await new Promise((resolve) => setTimeout(resolve, 5));
  await proxy.goDown();
  assert.equal((await open).error, "ECONNRESET");
});

test("a rule hits its share of its requests, and the same seed hits the same ones", LIMIT, async (t) => {
  const rules = [{ on: "answer", fault: "lose", share: 0.2, when: ({ path }) => path === "/" }];
  const hits = [];
  for (let run = 0; run < 2; run++) {
    await start(t, rules);
    const heard = [];
    for (let i = 0; i < 200; i++) heard.push((await post()).status ?? 0);
    hits.push(heard.join());
    const lost = proxy.counts["answer lose"];
    assert.ok(lost > 20 && lost < 60, `${lost} of 200`);
    assert.equal(lost + proxy.counts.answered, 200);
    assert.equal(whole().length, 200);
  }
  assert.equal(hits[0], hits[1]);
});

test("requests that a rule does not match pass", LIMIT, async (t) => {
  await start(t, [{ on: "answer", fault: "lose", share: 1, when: ({ method }) => method === "GET" }]);
  assert.deepEqual(await post(), GOOD);
});

test("an unknown fault is refused", LIMIT, async (t) => {
  await start(t, always("answer", "duplicate"));
  assert.equal((await post()).error, "ECONNRESET");
  assert.equal(proxy.counts.broken, 1);
});
