// `apply-cookies/express`: `response.cookies` in every handler. Also for connect and plain node:http.

import { forward } from "./forward.js";
import { isOurs } from "./forward-path.js";
import { attach } from "./response-node.js";
import { ApplyCookies } from "./server.js";
import { use } from "./used.js";

/** @typedef {import("./server.js").Options} Options */
/** @typedef {import("node:http").IncomingMessage} IncomingMessage */
/** @typedef {import("node:http").ServerResponse & { cookies?: import("./cookies.js").Cookies }} ServerResponse */

/**
 * The middleware: `app.use(applyCookies({ … }))`, behind `compression()` if that is used.
 * @param {Options | ApplyCookies} [options]
 */
export const applyCookies = (options = {}) => {
  const deployment = use(options instanceof ApplyCookies ? options : new ApplyCookies(options));

  /**
   * @param {IncomingMessage} request
   * @param {ServerResponse} response
   * @param {(error?: unknown) => void} next
   */
  const middleware = (request, response, next) => {
    const begin = () => {
      const url = /** @type {any} */ (request).originalUrl ?? request.url;
      const { forwardTo } = deployment;
      if (forwardTo && isOurs(url, deployment.prefix)) return forward(forwardTo, request, response, deployment.knownAs);
      response.cookies = attach(deployment, request, response);
      next();
    };
    if (deployment.isStarted) begin();
    else deployment.started.then(begin, next);
  };
  return middleware;
};
