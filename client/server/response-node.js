// A response of node:http: hooks its head, its chunks and its end, as `compression` does.

import { Cookies } from "./cookies.js";
import { toSse } from "./frames.js";
import { askedOf } from "./server.js";
import { EventStream } from "./sse.js";
import { now } from "./steps.js";

/** @typedef {import("./server.js").ApplyCookies} ApplyCookies */
/** @typedef {import("node:http").IncomingMessage} IncomingMessage */
/** @typedef {import("node:http").ServerResponse} ServerResponse */

/**
 * @param {any} chunk
 * @param {any} encoding
 * @returns {Uint8Array}
 */
const bytesOf = (chunk, encoding) =>
  typeof chunk === "string" ? Buffer.from(chunk, typeof encoding === "string" ? /** @type {BufferEncoding} */ (encoding) : "utf8") : chunk;

/**
 * The headers that `writeHead` is called with: set one by one, so that they can be read and added to.
 * @param {ServerResponse} response
 * @param {any} headers an object, a flat list or a list of pairs
 */
const setHeaders = (response, headers) => {
  if (!headers) return;
  if (!Array.isArray(headers)) {
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) response.setHeader(name, value);
    return;
  }
  const flat = headers.flat();
  for (let i = 0; i < flat.length; i += 2) response.removeHeader(flat[i]);
  for (let i = 0; i < flat.length; i += 2) response.appendHeader(flat[i], flat[i + 1]);
};

/** @type {WeakMap<ServerResponse, { deployment: ApplyCookies, cookies: Cookies }>} */
const attached = new WeakMap();

/**
 * The handle of a response: the same one where a middleware is registered twice.
 * @param {ApplyCookies} deployment
 * @param {IncomingMessage} request
 * @param {ServerResponse} response
 * @returns {Cookies}
 */
export const attach = (deployment, request, response) => {
  const before = attached.get(response);
  if (before?.deployment === deployment) return before.cookies;
  const cookies = hook(deployment, request, response);
  attached.set(response, { deployment, cookies });
  return cookies;
};

/**
 * @param {ApplyCookies} deployment
 * @param {IncomingMessage} request
 * @param {ServerResponse} response
 * @returns {Cookies}
 */
const hook = (deployment, request, response) => {
  const cookies = new Cookies(deployment, askedOf(request));
  // As they are called here: with fewer arguments than their types say, and by others' wrappers.
  /** @type {Record<"writeHead" | "write" | "end", (...args: any[]) => any>} */
  const below = { writeHead: response.writeHead, write: response.write, end: response.end };
  const writeHead = below.writeHead.bind(response);
  const write = below.write.bind(response);
  const end = below.end.bind(response);
  const stream = new EventStream();
  let hasLeft = false;
  /** @type {(() => void)[]} who waits for the next place between two events */
  let waiting = [];

  const type = () => String(response.getHeader("content-type") ?? "");

  /** Puts what is queued here, between two events. */
  const putFrames = () => {
    for (const { token } of now(cookies.take())) write(toSse(token), "utf8");
    waiting.forEach((done) => done());
    waiting = [];
  };

  /** Sends it now, through a compression that is registered in front of this. */
  const push = () => {
    if (cookies.state !== "carried" || !cookies.isWaiting || !stream.between) return;
    putFrames();
    /** @type {any} */ (response).flush?.();
  };

  let isWoken = false;
  const carrier = {
    wake() {
      if (cookies.state !== "carried" || isWoken) return;
      isWoken = true;
      setImmediate(() => {
        isWoken = false;
        push();
      });
    },
    async flush() {
      if (!hasLeft && /^text\/event-stream/i.test(type())) response.flushHeaders();
      push();
      if (cookies.isWaiting && cookies.state === "carried") await new Promise((done) => waiting.push(/** @type {any} */ (done)));
    },
  };
  cookies.attach(carrier);

  const leave = () => {
    hasLeft = true;
    const { method } = request;
    const { statusCode: status } = response;
    const whole = method === "HEAD" || status === 204 || status === 304 || response.hasHeader("content-length");
    const encoded = !/^(identity)?$/i.test(String(response.getHeader("content-encoding") ?? ""));
    for (const line of cookies.leave({ status, type: type(), encoded, whole }, carrier)) response.appendHeader("set-cookie", line);
    if (cookies.state !== "carried") return;
    // A token is for one browser, and must not wait in a proxy's buffer.
    if (!response.hasHeader("cache-control")) response.setHeader("cache-control", "no-store");
    if (!response.hasHeader("x-accel-buffering")) response.setHeader("x-accel-buffering", "no");
  };

  response.writeHead = /** @type {any} */ (
    (/** @type {number} */ status, /** @type {any[]} */ ...rest) => {
      if (hasLeft || response.headersSent) return writeHead(status, ...rest);
      // As Node reads them: a message may be left out, or undefined.
      const message = typeof rest[0] === "string" ? rest[0] : undefined;
      response.statusCode = status;
      setHeaders(response, message === undefined ? (rest[1] ?? rest[0]) : rest[1]);
      leave();
      return message === undefined ? writeHead(status) : writeHead(status, message);
    }
  );

  response.write = /** @type {any} */ (
    (/** @type {any} */ chunk, /** @type {any[]} */ ...rest) => {
      // What was set before the headers left went with them.
      if (!hasLeft || cookies.state !== "carried") {
        const answer = write(chunk, ...rest);
        if (cookies.state === "carried") stream.feed(bytesOf(chunk, rest[0]));
        return answer;
      }
      if (cookies.isWaiting && stream.between) putFrames();
      const bytes = bytesOf(chunk, rest[0]);
      const first = cookies.isWaiting ? stream.feed(bytes, true) : 0;
      if (first === 0 || !stream.between) {
        stream.feed(bytes.subarray(first));
        return write(chunk, ...rest);
      }
      write(bytes.subarray(0, first));
      putFrames();
      const left = bytes.subarray(first);
      stream.feed(left);
      return write(left, ...rest.filter((one) => typeof one === "function"));
    }
  );

  response.end = /** @type {any} */ (
    (/** @type {any} */ chunk, /** @type {any[]} */ ...rest) => {
      if (hasLeft && cookies.state === "carried") {
        // Through the hook: what is queued goes in front of the last chunk, or behind it.
        if (chunk !== undefined && chunk !== null && typeof chunk !== "function") response.write(chunk, rest[0]);
        if (cookies.isWaiting && stream.between) putFrames();
        over("the event stream has ended");
        const done = [chunk, ...rest].find((one) => typeof one === "function");
        return done ? end(done) : end();
      }
      const answer = end(chunk, ...rest);
      if (hasLeft) over("the response has ended");
      return answer;
    }
  );

  const over = (/** @type {string} */ why) => {
    cookies.end(why);
    waiting.forEach((done) => done());
    waiting = [];
  };
  response.on("close", () => over("the client has gone"));
  return cookies;
};
