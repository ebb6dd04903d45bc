// `apply-cookies/ws`: cookies over a WebSocket of the package `ws`, or of any with its `send`.

import { Cookies } from "./cookies.js";
import { toWebSocket } from "./frames.js";
import { bindingName } from "./policy.js";
import { askedOf } from "./server.js";
import { now } from "./steps.js";
import { used } from "./used.js";

/** @typedef {import("./server.js").ApplyCookies} ApplyCookies */
/** @typedef {import("node:http").IncomingMessage} IncomingMessage */

/**
 * @typedef {object} Socket
 * @property {(data: any, ...rest: any[]) => any} send
 * @property {(event: "close", listener: () => void) => unknown} on
 * @property {number} readyState
 */

const OPEN = 1;

/** @type {WeakMap<IncomingMessage, string>} bindings that were made in a handshake */
const made = new WeakMap();

/**
 * Puts the binding into the handshake's answer, for pages that do not ask for one first:
 * `server.on("headers", bindHandshake)`.
 * @param {string[]} headers
 * @param {IncomingMessage} request
 * @param {ApplyCookies} [deployment]
 */
export const bindHandshake = (headers, request, deployment = used()) => {
  const { binding, set_cookie } = deployment.bind(askedOf(request));
  if (binding === null || set_cookie === null) return;
  made.set(request, binding);
  headers.push(`Set-Cookie: ${set_cookie}`);
};

/**
 * The handle of a socket: what is set travels in front of the next message, and soon by itself.
 * @param {Socket} socket
 * @param {IncomingMessage} request the handshake
 * @param {ApplyCookies} [deployment] that of `applyCookies()` by default
 * @returns {Cookies}
 */
export const handleSocket = (socket, request, deployment = used()) => {
  const asked = askedOf(request);
  const binding = made.get(request);
  if (binding) asked.cookie.push(`${bindingName(deployment.plainHttp)}=${binding}`);
  const cookies = new Cookies(deployment, asked);
  const { send } = socket;

  const put = () => {
    if (socket.readyState !== OPEN) return;
    for (const { token } of now(cookies.take())) send.call(socket, toWebSocket(token));
  };
  let isWoken = false;
  const carrier = {
    wake() {
      if (isWoken) return;
      isWoken = true;
      setImmediate(() => {
        isWoken = false;
        put();
      });
    },
    flush: async () => put(),
  };
  cookies.carry(carrier, false);
  socket.send = (...message) => {
    put();
    return /** @type {any} */ (send).apply(socket, message);
  };
  const end = () => cookies.end("the socket has closed");
  if (socket.readyState > OPEN) end();
  else socket.on("close", end);
  return cookies;
};
