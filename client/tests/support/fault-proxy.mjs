// A bad network on loopback: a proxy between client and server that loses, delays, repeats and cuts
// traffic. Requests and answers are hit separately, because a lost answer is the hard case: the
// server has done its work and the client does not know. Sockets (upgrades) pass, whatever the rules.

import { Agent, createServer, request as ask } from "node:http";
import { connect } from "node:net";

import { randomFrom } from "./random.mjs";

/** What can happen to a request, on its way to the server. */
export const REQUEST_FAULTS = ["lose", "stall", "delay", "duplicate", "truncate"];

/** What can happen to an answer that the server has given. */
export const ANSWER_FAULTS = ["lose", "reset", "stall", "delay", "truncate"];

/**
 * A rule hits a share of the requests, or of the answers, and does one thing to each, or one of several:
 *
 * - `lose`: nothing of it arrives, and the connection is closed;
 * - `reset`: the same, but the connection ends with an RST;
 * - `stall`: nothing of it arrives, and the connection stays open, as behind a dead router;
 * - `delay`: it arrives later, by one of the `milliseconds` (`[least, most]`);
 * - `duplicate`: the server gets it twice, at the same time, and the client gets one answer;
 * - `truncate`: half of a request, or half of an answer's head; then the connection is closed.
 *
 * Rules are tried in order, each with its own random draw; on each side the first one that hits
 * counts.
 * @typedef {{ on: "request" | "answer", fault: string | string[], share: number, milliseconds?: [number, number],
 *   when?: (request: { method: string, path: string }) => boolean }} Rule
 */

/**
 * `rules` and `port` (the server's) can also be set later. `witness` is called for each request once
 * its end is known: `answered`, `answer lost`, `request lost`, `request cut`.
 * @param {{ seed: number, rules?: Rule[], port?: number }} settings
 */
export async function startFaultProxy({ seed, rules = [], port }) {
  const random = randomFrom(seed);
  const counts = { requests: 0, passed: 0, answered: 0, down: 0 };
  const count = (what) => (counts[what] = (counts[what] ?? 0) + 1);
  const sockets = new Set();
  const agent = new Agent({ keepAlive: true });
  const proxy = { counts, rules, port, witness: () => {} };

  const draw = (side, exchange) => {
    const hit = proxy.rules.find(
      ({ on, share, when }) => on === side && (when?.(exchange) ?? true) && random() < share,
    );
    if (!hit) return;
    const faults = [hit.fault].flat();
    const fault = faults[Math.floor(random() * faults.length)];
    if (!(side === "request" ? REQUEST_FAULTS : ANSWER_FAULTS).includes(fault)) {
      throw new Error(`no ${side} can ${fault}`);
    }
    count(`${side} ${fault}`);
    return { ...hit, fault };
  };
  const pause = ({ milliseconds: [least, most] }) =>
    new Promise((resolve) => setTimeout(resolve, least + random() * (most - least)));

  /** Sends the request on; resolves to the head of the answer, whose body is still to be read. */
  const forward = (incoming, response, body) =>
    new Promise((resolve, reject) => {
      count("passed");
      const { method, url: path, rawHeaders: headers } = incoming;
      const outgoing = ask({ host: "127.0.0.1", port: proxy.port, agent, method, path, headers });
      outgoing.on("response", resolve).on("error", reject);
      // If one end closes the stream, close the other too.
      response.once("close", () => response.writableFinished || outgoing.destroy());
      outgoing.end(body);
    });

  /** Sends half of the request, then closes the connection. */
  const forwardHalf = (incoming, body) =>
    new Promise((resolve) => {
      count("passed");
      const { method, url: path, rawHeaders: headers } = incoming;
      // A connection of its own: the agent's must not be left with half a request.
      const outgoing = ask({ host: "127.0.0.1", port: proxy.port, agent: false, method, path, headers });
      outgoing.on("error", resolve).on("response", resolve);
      outgoing.write(body.subarray(0, Math.floor(body.length / 2)), () => {
        outgoing.destroy();
        resolve();
      });
    });

  const exchangeWith = async (incoming, response) => {
    count("requests");
    const socket = incoming.socket;
    const body = await readWhole(incoming);
    const exchange = { method: incoming.method, path: incoming.url, body };
    let told = false;
    const tell = (end, status) => {
      if (!told) proxy.witness({ ...exchange, end, status });
      told = true;
    };

    const bad = draw("request", exchange);
    switch (bad?.fault) {
      case "lose":
        tell("request lost");
        return socket.destroy();
      case "stall":
        return tell("request lost");
      case "truncate":
        await forwardHalf(incoming, body);
        tell("request cut");
        return socket.destroy();
      case "delay":
        await pause(bad);
        if (socket.destroyed) return tell("request lost");
        break;
      case "duplicate":
        // Its answer goes nowhere, but is read, so that its connection can be used again.
        forward(incoming, response, body).then((second) => second.resume(), () => {});
    }

    // The client or the proxy may go away while the server works.
    const answer = await forward(incoming, response, body).catch((error) => {
      tell("answer lost");
      throw error;
    });
    const { statusCode: status, statusMessage, rawHeaders } = answer;
    const hit = draw("answer", exchange);
    if (hit?.fault === "delay") await pause(hit);
    if (!hit || hit.fault === "delay") {
      if (socket.destroyed) return tell("answer lost", status);
      count("answered");
      // Before the client can act on it.
      tell("answered", status);
      response.sendDate = false;
      response.writeHead(status, statusMessage, rawHeaders).flushHeaders();
      return answer.pipe(response);
    }
    // The server is to have done the whole of its work, whatever the client hears of it.
    await readWhole(answer);
    tell("answer lost", status);
    switch (hit.fault) {
      case "lose":
        return socket.destroy();
      case "reset":
        return socket.resetAndDestroy();
      case "truncate": {
        const head = headOf(`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`, answer);
        return socket.end(head.slice(0, Math.floor(head.length / 2)));
      }
    }
  };

  let server;
  const open = (at) =>
    new Promise((resolve, reject) => {
      // The client's own limits are under test, not this server's.
      server = createServer({ requestTimeout: 0, keepAliveTimeout: 600_000 });
      server.on("request", (incoming, response) => {
        exchangeWith(incoming, response).catch(() => {
          // The server is gone, or closed without an answer; the proxy does the same.
          count("broken");
          incoming.socket.destroy();
        });
      });
      server.on("upgrade", (incoming, near, first) => {
        const far = connect(proxy.port, "127.0.0.1").on("error", () => near.destroy());
        far.write(headOf(`${incoming.method} ${incoming.url} HTTP/1.1`, incoming));
        far.write(first);
        near.once("close", () => far.destroy()).pipe(far).pipe(near);
      });
      server.on("connection", (socket) => {
        sockets.add(socket.on("error", () => {}).once("close", () => sockets.delete(socket)));
      });
      server.once("error", reject).listen(at, "127.0.0.1", () => resolve(server.address().port));
    });
  const shut = () =>
    new Promise((resolve) => {
      server.close(resolve);
      for (const socket of sockets) socket.destroy();
    });

  const own = await open(0);
  return Object.assign(proxy, {
    url: `http://127.0.0.1:${own}/`,
    origin: `http://127.0.0.1:${own}`,
    /** Connections break off, and new ones are refused. */
    goDown: () => (count("down"), shut()),
    comeBack: () => open(own),
    stop: async () => {
      agent.destroy();
      if (server.listening) await shut();
    },
  });
}

async function readWhole(message) {
  const chunks = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const headOf = (firstLine, { rawHeaders }) => {
  let head = `${firstLine}\r\n`;
  for (let i = 0; i < rawHeaders.length; i += 2) head += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`;
  return head + "\r\n";
};
