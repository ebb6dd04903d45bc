// The reverse proxy in front of a Mesop app, as small as it can be: one path goes to apply-cookies,
// everything else to Mesop. It streams both ways and says which address the browser used.

import { request } from "node:http";
import { createServer } from "node:https";
import { pipeline } from "node:stream";

// Between two hops only (RFC 9110 §7.6.1).
const HOP_BY_HOP = ["connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"];

/**
 * Listens on a port of this machine. `path` goes to apply-cookies; without its address, Mesop gets
 * everything.
 */
export async function startProxy({ port, tls, mesop, applyCookies = mesop, path = "/__apply-cookies" }) {
  const server = createServer(tls, (asked, answer) => {
    const { pathname } = new URL(asked.url, "https://any");
    const upstream = pathname === path ? applyCookies : mesop;
    const forwarded = request(new URL(asked.url, upstream), {
      method: asked.method,
      headers: {
        ...without(asked.headers, HOP_BY_HOP),
        // Mesop compares the page's origin with the address that it believes it has itself.
        host: asked.headers.host,
        "x-forwarded-proto": "https",
        "x-forwarded-host": asked.headers.host,
        "x-forwarded-for": asked.socket.remoteAddress,
      },
    });
    forwarded.on("response", (answered) => {
      answer.writeHead(answered.statusCode, without(answered.headers, HOP_BY_HOP));
      // The head must not wait for the first bytes of a stream.
      answer.flushHeaders();
      pipeline(answered, answer, () => {});
    });
    forwarded.on("error", () => (answer.headersSent ? answer.destroy() : answer.writeHead(502).end()));
    answer.on("close", () => forwarded.destroy());
    pipeline(asked, forwarded, () => {});
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    origin: `https://127.0.0.1:${port}`,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

const without = (headers, names) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
