// `c.var.cookies`.

import type { Cookies } from "../types/cookies.js";

export { applyCookies } from "../types/hono.js";

declare module "hono" {
  interface ContextVariableMap {
    cookies: Cookies;
  }
}
