// `reply.cookies`.

import type { Cookies } from "../types/cookies.js";

export { applyCookies } from "../types/fastify.js";

declare module "fastify" {
  interface FastifyReply {
    cookies: Cookies;
  }
}
