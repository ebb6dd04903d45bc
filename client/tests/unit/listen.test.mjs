import assert from "node:assert/strict";
import { test } from "node:test";
import { open, openDocument, refusal, serve, settled, unhandled } from "./page.mjs";

class EventStream extends EventTarget {
  bring(name, data) {
    this.dispatchEvent(new MessageEvent(name, { data }));
  }
}

class Socket extends EventStream {
  send() {}
}

const appliedBy = async (source, act) => {
  const posts = serve();
  const { listen } = await open();
  const stop = listen(source);
  const lost = await unhandled(() => act(stop));
  assert.deepEqual(lost, []);
  return posts.map(({ token }) => token);
};

test("an EventSource's frames are applied", async () => {
  const stream = new EventStream();
  const applied = await appliedBy(stream, () => {
    stream.bring("apply-cookies", '{"token":"a"}');
    stream.bring("apply-cookies", '{"token":"b"}');
  });
  assert.deepEqual(applied, ["a", "b"]);
});

test("an EventSource's other events are left to the app", async () => {
  const stream = new EventStream();
  const applied = await appliedBy(stream, () => {
    stream.bring("message", '{"token":"a"}');
    stream.bring("message", '{"type":"apply-cookies","token":"a"}');
    stream.bring("chat", '{"token":"a"}');
  });
  assert.deepEqual(applied, []);
});

test("a WebSocket's frames are applied", async () => {
  const socket = new Socket();
  const applied = await appliedBy(socket, () => {
    socket.bring("message", '{"type":"apply-cookies","token":"a"}');
    socket.bring("message", '{"type":"apply-cookies","token":"b"}');
  });
  assert.deepEqual(applied, ["a", "b"]);
});

test("a WebSocket's other messages are left to the app, whatever they are", async () => {
  const socket = new Socket();
  const applied = await appliedBy(socket, () => {
    const others = [
      '{"type":"chat","token":"a"}',
      '{"token":"a"}',
      "hello",
      "",
      "null",
      "7",
      '["apply-cookies"]',
      new ArrayBuffer(8),
      new Blob(['{"type":"apply-cookies","token":"a"}']),
    ];
    for (const data of others) socket.bring("message", data);
  });
  assert.deepEqual(applied, []);
});

test("a malformed frame is ignored", async () => {
  const stream = new EventStream();
  const socket = new Socket();
  const bodies = ["", "{", "null", "{}", '{"token":""}', '{"token":7}', '{"token":null}', '{"token":["a"]}'];
  const fromStream = await appliedBy(stream, () => {
    for (const data of bodies) stream.bring("apply-cookies", data);
  });
  const fromSocket = await appliedBy(socket, () => {
    for (const data of bodies) socket.bring("message", data.replace("{", '{"type":"apply-cookies",'));
  });
  assert.deepEqual([...fromStream, ...fromSocket], []);
});

for (const [source, name] of [
  [new EventStream(), "apply-cookies"],
  [new Socket(), "message"],
]) {
  const frame = (token) => JSON.stringify({ type: "apply-cookies", token });

  test(`${source.constructor.name}: what listen returned stops the listening`, async () => {
    const applied = await appliedBy(source, (stop) => {
      source.bring(name, frame("a"));
      stop();
      source.bring(name, frame("b"));
    });
    assert.deepEqual(applied, ["a"]);
  });
}

test("a refused frame is an event, not an unhandled rejection", async () => {
  serve(() => refusal(410, "expired"));
  const seen = openDocument();
  const { listen } = await open();
  const stream = new EventStream();
  listen(stream);
  const lost = await unhandled(async () => {
    stream.bring("apply-cookies", '{"token":"a"}');
    await settled();
  });
  assert.deepEqual(lost, []);
  assert.deepEqual(seen.at(-1), { step: "failed", detail: { status: 410, type: "expired" } });
});

test("a token that an app applies by itself and forgets to await is not silently lost", async () => {
  serve(() => refusal(410, "expired"));
  const { applyCookies } = await open();
  const lost = await unhandled(async () => {
    applyCookies("a");
    await settled();
  });
  assert.deepEqual(lost.map(({ type }) => type), ["expired"]);
});
