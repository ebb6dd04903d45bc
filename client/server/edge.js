// `apply-cookies/edge`: mints and reads with WebCrypto, by promises; for whatever answers with a
// `Response`.

import { checkLocal, fromEnvironment, knownAs, ORIGINS, Service, start } from "#platform";
import { webCrypto } from "./crypto-web.js";
import { Deployment, toConsole } from "./deployment.js";
import { checkService } from "./service-info.js";
import { later } from "./steps.js";

export { BadSecret, InvalidOperation, LostCookie, NoBinding, Refused } from "./errors.js";
export { respond } from "./response-web.js";

/** @typedef {import("./deployment.js").Attributes} Attributes */
/** @typedef {import("./deployment.js").Found} Found */
/** @typedef {import("./deployment.js").Minted} Minted */
/** @typedef {import("./deployment.js").MintRequest} MintRequest */
/** @typedef {import("./deployment.js").OperationJson} OperationJson */
/** @typedef {import("./deployment.js").ValueOptions} ValueOptions */
/** @typedef {import("./cookies.js").Cookies} Cookies */
/** @typedef {import("./deployment.js").Outcome} Outcome */
/** @typedef {import("./token.js").Opened} Opened */

/**
 * As those of `apply-cookies/server`, whose defaults there are in Node alone: elsewhere `secret` and
 * `origins` are given.
 * @typedef {import("./deployment.js").Options & import("./deployment.js").Surroundings} Options
 */

export class ApplyCookies extends Deployment {
  /** @param {Options} [options] */
  constructor(options = {}) {
    const { prefix = "/__apply-cookies", binding, warn = toConsole } = options;
    const { program } = typeof options.dev === "object" ? options.dev : {};
    const dev = options.dev ? start({ program, prefix, binding: binding !== "optional", warn }) : null;
    super(webCrypto, dev ? { ...options, secret: dev.secret, previous: [], origins: ORIGINS } : fromEnvironment(options));
    if (dev) {
      this.service = dev.service;
      this.forwardTo = dev.forward;
      this.knownAs = knownAs;
      this.startsWith(this.#start(dev.ready));
      return;
    }
    if (options.forward) checkLocal(options.forward);
    this.forwardTo = options.forward ?? null;
    if (options.service) this.service = new Service(options.service, { key: options.serviceKey });
    else if (this.origins === null) throw new Error("where are the app's pages? Give `origins`, as in [\"https://app.example\"], or `service`, which knows them");
    this.startsWith(this.#start(Promise.resolve(null)));
  }

  /** @param {Promise<string | null>} ready */
  async #start(ready) {
    const [keys] = await later(this.ring());
    this.learn({ scope: await ready });
    const id = [...keys.id].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const checked = this.service && !this.knownAs ? checkService(this.service, this, id) : null;
    if (this.origins === null) await checked;
  }

  /**
   * Tokens for one browser.
   * @param {MintRequest} request
   * @returns {Promise<Minted[]>} rejects with `InvalidOperation`
   */
  mint(request) {
    return later(this.minting(request));
  }

  /**
   * Opens a token as the service does, up to the claim: for tests and tools.
   * @param {string} token
   * @param {{ bindingCookie?: string | null, now?: number }} [request]
   * @returns {Promise<Opened>} rejects with `Refused`
   */
  open(token, request) {
    return later(this.opening(token, request));
  }

  /**
   * A cookie whose value is signed or encrypted, and read back strictly.
   * @param {string} name
   * @param {Omit<ValueOptions, "name">} [options] encrypted JSON that ends with the browser
   */
  cookie(name, options = {}) {
    const what = { ...options, name };
    const find = (/** @type {Request} */ request) => later(this.reading(what, [request.headers.get("cookie") ?? ""]));
    return {
      name,
      /** The operation that sets it: `cookies.push(await session.write(value))`. @param {unknown} value @returns {Promise<OperationJson>} */
      write: (value) => later(this.writing(what, value)),
      /** What it holds; `undefined` where it is absent, expired, or not this app's. @param {Request} request @returns {Promise<any>} */
      read: async (request) => (await find(request)).value,
      /** The same with its end, or with why it counts as absent. @param {Request} request @returns {Promise<Found>} */
      find,
    };
  }
}
