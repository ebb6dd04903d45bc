// A `Response` of the web: adds what its head needs, and puts tokens between the events of its body.

import { utf8 } from "./bytes.js";
import { Cookies } from "./cookies.js";
import { toSse } from "./frames.js";
import { asked } from "./policy.js";
import { EventStream } from "./sse.js";
import { later } from "./steps.js";

/** @typedef {import("./deployment.js").Deployment} Deployment */

/**
 * The handle of a request, and what its answer becomes.
 * @param {Deployment} deployment that has started
 * @param {Request} request
 * @returns {{ cookies: Cookies, finish: (response: Response) => Response, fail: () => void }}
 */
export const begin = (deployment, request) => {
  const cookies = new Cookies(deployment, asked(request.method, (name) => request.headers.get(name)));
  return {
    cookies,
    finish: (response) => finish(cookies, request, response),
    fail: () => cookies.end("the handler has failed"),
  };
};

/**
 * Answers a request by a function that is given the handle.
 * @param {Deployment} deployment
 * @param {Request} request
 * @param {(cookies: Cookies) => Response | Promise<Response>} handle
 * @returns {Promise<Response>}
 */
export const respond = async (deployment, request, handle) => {
  await deployment.started;
  const { cookies, finish, fail } = begin(deployment, request);
  try {
    return finish(await handle(cookies));
  } catch (error) {
    fail();
    throw error;
  }
};

/**
 * @param {Cookies} cookies
 * @param {Request} request
 * @param {Response} response
 */
const finish = (cookies, request, response) => {
  const { status, body, headers } = response;
  // A socket's handshake is no response that can be made anew.
  if (status === 101) return response;
  const stream = new EventStream();
  /** @type {ReadableStreamDefaultController<Uint8Array> | null} */
  let out = null;
  /** One after another: minting takes a while. */
  let turn = Promise.resolve();
  const inTurn = (/** @type {() => Promise<void>} */ step) => (turn = turn.then(step, step));
  /** @type {(() => void)[]} who waits for the next place between two events */
  let waiting = [];

  const settle = () => {
    waiting.forEach((done) => done());
    waiting = [];
  };

  const put = async () => {
    if (cookies.state !== "carried" || !cookies.isWaiting || !stream.between) return;
    const minted = await later(cookies.take());
    // The client may have gone meanwhile.
    if (cookies.state === "carried") for (const { token } of minted) out?.enqueue(utf8(toSse(token)));
    settle();
  };

  const over = (/** @type {string} */ why) => {
    cookies.end(why);
    settle();
  };

  const carrier = {
    wake: () => void inTurn(put),
    async flush() {
      await inTurn(put);
      if (cookies.isWaiting && cookies.state === "carried") await new Promise((done) => waiting.push(/** @type {any} */ (done)));
    },
  };

  const head = {
    status,
    type: headers.get("content-type") ?? "",
    encoded: !/^(identity)?$/i.test(headers.get("content-encoding") ?? ""),
    whole: body === null || request.method === "HEAD" || headers.has("content-length"),
  };
  const lines = cookies.leave(head, carrier);
  const isCarried = cookies.state === "carried";
  if (lines.length === 0 && !isCarried) return response;
  const own = new Headers(headers);
  for (const line of lines) own.append("set-cookie", line);
  if (!isCarried || body === null) return new Response(body, { status, statusText: response.statusText, headers: own });
  // A token is for one browser, and must not wait in a proxy's buffer.
  if (!own.has("cache-control")) own.set("cache-control", "no-store");
  if (!own.has("x-accel-buffering")) own.set("x-accel-buffering", "no");

  const reader = body.getReader();
  /** @param {Uint8Array} chunk */
  const pass = async (chunk) => {
    const first = cookies.isWaiting ? stream.feed(chunk, true) : 0;
    if (first > 0) {
      out?.enqueue(chunk.subarray(0, first));
      await put();
    }
    const rest = chunk.subarray(first);
    stream.feed(rest);
    if (rest.length > 0) out?.enqueue(rest);
  };
  const carried = new ReadableStream({
    start(controller) {
      out = controller;
    },
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return await inTurn(() => pass(value));
        await inTurn(put);
        over("the event stream has ended");
        controller.close();
      } catch (error) {
        over("the event stream has failed");
        throw error;
      }
    },
    cancel(reason) {
      over("the client has gone");
      return reader.cancel(reason);
    },
  });
  return new Response(carried, { status, statusText: response.statusText, headers: own });
};
