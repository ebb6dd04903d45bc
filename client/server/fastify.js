// `apply-cookies/fastify`: `reply.cookies` in every handler.

import { forward } from "./forward.js";
import { isOurs } from "./forward-path.js";
import { attach } from "./response-node.js";
import { ApplyCookies } from "./server.js";
import { use } from "./used.js";

/** @typedef {import("./server.js").Options} Options */

/**
 * The plugin: `app.register(applyCookies, { … })`, or with `{ deployment }`, an `ApplyCookies` of
 * `apply-cookies/server`.
 * @param {any} app the Fastify instance
 * @param {Options & { deployment?: ApplyCookies }} options
 */
export const applyCookies = async (app, { deployment: given, ...options }) => {
  const deployment = use(given ?? new ApplyCookies(options));
  app.decorateReply("cookies", null);
  app.addHook("onRequest", async (/** @type {any} */ request, /** @type {any} */ reply) => {
    if (!deployment.isStarted) await deployment.started;
    if (deployment.forwardTo && isOurs(request.raw.url, deployment.prefix)) {
      reply.hijack();
      return forward(deployment.forwardTo, request.raw, reply.raw, deployment.knownAs);
    }
    reply.cookies = attach(deployment, request.raw, reply.raw);
  });
};

// For the whole app, not only for what this plugin registers.
Object.assign(applyCookies, { [Symbol.for("skip-override")]: true });
