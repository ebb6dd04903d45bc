// TLS on loopback: a proxy with a certificate that it has signed itself, for browsers that are told to
// accept it.

import { execFileSync } from "node:child_process";
import { connect } from "node:net";
import { createServer } from "node:tls";

/**
 * `port`, the server's, is to be set before anybody connects. With `protocols: ["h2"]` browsers speak
 * HTTP/2, to a server that takes it without TLS.
 */
export async function startTlsProxy({ protocols } = {}) {
  const pem = execFileSync(
    "openssl",
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout - -out - -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1".split(
      " ",
    ),
    { stdio: ["ignore", "pipe", "ignore"] },
  );
  const sockets = new Set();
  const proxy = { port: undefined };
  const server = createServer({ key: pem, cert: pem, ALPNProtocols: protocols }, (near) => {
    const far = connect(proxy.port, "127.0.0.1");
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      sockets.add(one.once("close", () => (other.destroy(), sockets.delete(one))).on("error", () => {}));
      one.pipe(other);
    }
  });
  await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  return Object.assign(proxy, {
    origin: `https://localhost:${server.address().port}`,
    stop: () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      return closed;
    },
  });
}
