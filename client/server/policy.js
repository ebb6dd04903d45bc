// Whose browser a request comes from, whether it gets a binding (SPEC §9.1), and whether the body of
// its answer may carry tokens (§9.7).

import { find } from "./cookie-header.js";
import { isBinding } from "./token.js";

/**
 * What is looked at of a request. A field that it does not have is `null`.
 * @typedef {object} Asked
 * @property {string} method
 * @property {string[]} cookie every `Cookie` field
 * @property {string | null} origin
 * @property {string | null} site `Sec-Fetch-Site`
 * @property {string | null} mode `Sec-Fetch-Mode`
 * @property {string | null} dest `Sec-Fetch-Dest`
 * @property {boolean} ahead whether nobody visits the page yet
 */

const PURPOSES = ["sec-purpose", "purpose", "x-moz", "x-purpose", "x-sec-purpose", "sec-fetch-purpose", "moz-purpose"];
const PREFETCHES = ["next-router-prefetch", "next-router-segment-prefetch", "x-middleware-prefetch", "hx-preloaded"];

/**
 * @param {string} method
 * @param {(name: string) => string | null} field the value of a request's field
 * @returns {Asked}
 */
export const asked = (method, field) => {
  const cookie = field("cookie");
  return {
    method,
    cookie: cookie === null ? [] : [cookie],
    origin: field("origin"),
    site: field("sec-fetch-site"),
    mode: field("sec-fetch-mode"),
    dest: field("sec-fetch-dest"),
    ahead:
      PURPOSES.some((name) => /prefetch|prerender|preview/i.test(field(name) ?? "")) ||
      PREFETCHES.some((name) => !/^(|0|false)$/i.test(field(name) ?? "")),
  };
};

/** Pages on plain http alone? Then cookies are not `Secure` by themselves (§4.1). @param {string[]} origins */
export const isPlainHttp = (origins) => !origins.some((origin) => origin.startsWith("https:"));

/** @param {boolean} plainHttp */
export const bindingName = (plainHttp) => (plainHttp ? "apply-cookies" : "__Host-apply-cookies");

/** @param {Asked} asked @param {string[]} origins */
const isForeign = ({ origin, site }, origins) =>
  origin !== null && !allows(origins, origin) && !(origin === "null" && site === "same-origin");

/** A list may allow any port of a loopback name, as `http://localhost:*`. @param {string[]} origins @param {string} origin */
export const allows = (origins, origin) =>
  origins.some((one) => (one.endsWith(":*") ? new RegExp("^:[0-9]+$").test(cut(origin, one.slice(0, -2))) : one === origin));

/** @param {string} text @param {string} start @returns {string} what follows; nothing where it starts otherwise */
const cut = (text, start) => (text.startsWith(start) ? text.slice(start.length) || ":80" : "");

/** The page itself is loaded: what it may read is its own. @param {Asked} asked */
const isDocument = ({ site, mode, dest }) =>
  mode === "navigate" && (dest === "document" || ((dest === "iframe" || dest === "frame") && site !== "cross-site"));

/** @param {Asked} asked */
const isSameOrigin = (asked) => asked.site === null || asked.site === "same-origin" || isDocument(asked);

/**
 * Why the body of this answer may carry no token; nothing where it may (§9.7).
 * @param {Asked} asked
 * @param {string[]} origins
 * @returns {string | null}
 */
export const withheld = (asked, origins) => {
  if (asked.ahead) return "nobody visits this page yet: it is loaded ahead";
  if (isDocument(asked)) return null;
  if (isForeign(asked, origins)) return "the request's Origin is none of the app's";
  return isSameOrigin(asked) ? null : "a page of another site asked for it";
};

/**
 * @typedef {object} Bound
 * @property {string | null} binding what to mint for
 * @property {string | null} set_cookie what the head of the answer needs
 * @property {"present" | "duplicate" | "origin" | "cross-site" | "ahead" | "made"} why
 */

/**
 * The browser's binding, for the head of an answer that carries frames (§9.1).
 * @param {Asked} asked
 * @param {string[]} origins
 * @param {() => string} fresh makes a new one
 * @returns {Bound}
 */
export const bind = (asked, origins, fresh) => {
  const plainHttp = isPlainHttp(origins);
  const name = bindingName(plainHttp);
  const found = find(asked.cookie, name);
  /** @param {Bound["why"]} why @returns {Bound} */
  const none = (why) => ({ binding: null, set_cookie: null, why });
  if (found === "duplicate") return none("duplicate");
  if (found !== "absent" && isBinding(found.value)) return { ...none("present"), binding: found.value };
  if (isForeign(asked, origins)) return none("origin");
  const isVisit = asked.method === "GET" && asked.mode === "navigate" && asked.dest === "document";
  const isNear = asked.site === null || asked.site === "same-origin" || asked.site === "none";
  if (!isVisit && !(isNear && isSameOrigin(asked))) return none("cross-site");
  if (asked.ahead) return none("ahead");
  const binding = fresh();
  return { binding, set_cookie: `${name}=${binding}; Path=/; ${plainHttp ? "" : "Secure; "}HttpOnly; SameSite=Lax`, why: "made" };
};
