// `response.cookies`, where Express's own types are.

import type { Cookies } from "../types/cookies.js";

export { applyCookies } from "../types/express.js";

declare global {
  namespace Express {
    interface Response {
      cookies: Cookies;
    }
  }
}
