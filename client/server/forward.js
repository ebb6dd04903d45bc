// Passes requests to the endpoint on to the service, so that no proxy is needed in development, nor
// where an app has one machine. Only to this machine: the service must not be reached by detours.

import { connection } from "./service-node.js";

/** @typedef {import("node:http").IncomingMessage} IncomingMessage */
/** @typedef {import("node:http").ServerResponse} ServerResponse */

/** What the service looks at. Nothing else is passed on. */
export const FIELDS = ["origin", "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest", "cookie", "content-type", "content-length", "if-none-match"];

export const OF_THIS_CONNECTION = new Set(["connection", "keep-alive", "transfer-encoding", "date"]);

/** @param {string} address */
export const checkLocal = (address) => {
  const isLocal = address.startsWith("unix:") || /^http:\/\/(127\.[0-9.]+|localhost|\[::1\])(:[0-9]+)?\/?$/.test(address);
  if (!isLocal) throw new TypeError("forward: unix:/path or http://127.0.0.1:8788, a socket or loopback; anything else is for a proxy");
};

/**
 * @param {string} address
 * @param {IncomingMessage} request
 * @param {ServerResponse} response
 * @param {(origin: string) => string} [origin] how the service knows this origin
 */
export const forward = (address, request, response, origin = (same) => same) => {
  const { send, where } = connection(address);
  /** @type {Record<string, string>} */
  const headers = { host: "localhost" };
  for (const name of FIELDS) {
    const value = request.headers[name];
    if (typeof value === "string") headers[name] = name === "origin" ? origin(value) : value;
  }
  // No other method of the endpoint has a body, and that of a GET Node would send without a frame around
  // it: to the service, the next request.
  const hasBody = request.method === "POST";
  if (!hasBody) delete headers["content-length"];
  const path = /** @type {any} */ (request).originalUrl ?? request.url;
  const sent = send({ ...where, method: request.method, path, headers, agent: false }, (answer) => {
    const { rawHeaders } = answer;
    for (let i = 0; i < rawHeaders.length; i += 2) {
      if (!OF_THIS_CONNECTION.has(rawHeaders[i].toLowerCase())) response.appendHeader(rawHeaders[i], rawHeaders[i + 1]);
    }
    response.writeHead(answer.statusCode ?? 502);
    answer.pipe(response);
  });
  sent.on("error", () => {
    if (response.headersSent) return response.destroy();
    response.writeHead(503, { "cache-control": "no-store", "retry-after": "1" }).end();
  });
  response.on("close", () => sent.destroy());
  if (hasBody) request.pipe(sent);
  else sent.end();
};
