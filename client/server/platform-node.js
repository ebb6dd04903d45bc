// What `apply-cookies/edge` has in Node beyond the web's own: sockets, the environment, development.

import { request as httpRequest } from "node:http";
import { Readable } from "node:stream";

import { knownAs, ORIGINS, start } from "./dev.js";
import { fromEnvironment } from "./environment.js";
import { checkLocal, FIELDS, OF_THIS_CONNECTION } from "./forward.js";
import { connection, Service } from "./service-node.js";

export { checkLocal, fromEnvironment, knownAs, ORIGINS, Service, start };

/** The service refuses what is longer, and nobody may fill this app's memory (SPEC §3). */
const MAX_BODY = 65_536;

/**
 * A body, or so much of it that it is too long.
 * @param {ReadableStream<Uint8Array>} body
 */
const startOf = async (body) => {
  /** @type {Uint8Array[]} */
  const chunks = [];
  let length = 0;
  for await (const chunk of /** @type {any} */ (body)) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_BODY) break;
  }
  return Buffer.concat(chunks);
};

/**
 * Passes a request to the endpoint on to the service.
 * @param {string} address
 * @param {Request} request
 * @param {(origin: string) => string} origin
 * @returns {Promise<Response>}
 */
export const forward = async (address, request, origin) => {
  /** @type {Record<string, string>} */
  const headers = { host: "localhost" };
  for (const name of FIELDS) {
    const value = request.headers.get(name);
    if (value !== null) headers[name] = name === "origin" ? origin(value) : value;
  }
  // No other method of the endpoint has a body.
  const body = request.method === "POST" && request.body ? await startOf(request.body) : Buffer.alloc(0);
  delete headers["content-length"];
  if (request.method === "POST") headers["content-length"] = String(body.length);
  const { pathname, search } = new URL(request.url);
  const { send, where } = connection(address);
  return new Promise((resolve) => {
    const sent = /** @type {typeof httpRequest} */ (send)({ ...where, method: request.method, path: pathname + search, headers, agent: false }, (answer) => {
      const fields = new Headers();
      const { rawHeaders, statusCode: status = 502 } = answer;
      for (let i = 0; i < rawHeaders.length; i += 2) {
        if (!OF_THIS_CONNECTION.has(rawHeaders[i].toLowerCase())) fields.append(rawHeaders[i], rawHeaders[i + 1]);
      }
      const hasBody = status !== 204 && status !== 304 && request.method !== "HEAD";
      if (!hasBody) answer.resume();
      resolve(new Response(hasBody ? /** @type {any} */ (Readable.toWeb(answer)) : null, { status, headers: fields }));
    });
    sent.on("error", () => resolve(new Response(null, { status: 503, headers: { "cache-control": "no-store", "retry-after": "1" } })));
    sent.end(body);
  });
};
