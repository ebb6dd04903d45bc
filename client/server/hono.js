// `apply-cookies/hono`: `c.var.cookies` in every handler.

import { forward } from "#platform";
import { Deployment } from "./deployment.js";
import { ApplyCookies } from "./edge.js";
import { isOurs } from "./forward-path.js";
import { begin } from "./response-web.js";

/** @typedef {import("./edge.js").Options} Options */

/**
 * What is used of Hono's context.
 * @typedef {object} Context
 * @property {{ raw: Request }} req
 * @property {any} res
 * @property {(name: "cookies", cookies: import("./cookies.js").Cookies) => void} set
 */

/**
 * The middleware: `app.use(applyCookies({ … }))`.
 * @param {Options | Deployment} [options] or an `ApplyCookies`, of `apply-cookies/edge` or `/server`
 */
export const applyCookies = (options = {}) => {
  const deployment = options instanceof Deployment ? options : new ApplyCookies(options);
  /** Where it is registered twice, the first counts. @type {WeakSet<Request>} */
  const begun = new WeakSet();

  /**
   * @param {Context} context
   * @param {() => Promise<void>} next
   * @returns {Promise<Response | void>}
   */
  const middleware = async (context, next) => {
    const request = context.req.raw;
    if (!deployment.isStarted) await deployment.started;
    const { forwardTo, prefix, knownAs = (/** @type {string} */ same) => same } = deployment;
    if (forwardTo && isOurs(new URL(request.url).pathname, prefix)) return forward(forwardTo, request, knownAs);
    if (begun.has(request)) return next();
    begun.add(request);
    const { cookies, finish, fail } = begin(deployment, request);
    context.set("cookies", cookies);
    try {
      await next();
    } catch (error) {
      fail();
      throw error;
    }
    const response = finish(context.res);
    if (response === context.res) return;
    // Else Hono would put the headers of the one into the other, and cookies twice.
    context.res = undefined;
    context.res = response;
  };
  return middleware;
};
