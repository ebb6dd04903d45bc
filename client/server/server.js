// `apply-cookies/server`: mints and reads with node:crypto, at once.

import { nodeCrypto } from "./crypto-node.js";
import { Deployment, toConsole } from "./deployment.js";
import { knownAs, ORIGINS, start } from "./dev.js";
import { fromEnvironment } from "./environment.js";
import { checkLocal } from "./forward.js";
import { asked } from "./policy.js";
import { checkService } from "./service-info.js";
import { Service } from "./service-node.js";
import { now } from "./steps.js";

export { BadSecret, InvalidOperation, LostCookie, NoBinding, Refused } from "./errors.js";

/** @typedef {import("./deployment.js").Attributes} Attributes */
/** @typedef {import("./deployment.js").Found} Found */
/** @typedef {import("./deployment.js").Minted} Minted */
/** @typedef {import("./deployment.js").MintRequest} MintRequest */
/** @typedef {import("./deployment.js").OperationJson} OperationJson */
/** @typedef {import("./deployment.js").ValueOptions} ValueOptions */
/** @typedef {import("./cookies.js").Cookies} Cookies */
/** @typedef {import("./deployment.js").Outcome} Outcome */
/** @typedef {import("./token.js").Opened} Opened */
/** @typedef {import("node:http").IncomingMessage} IncomingMessage */

/**
 * Of `secret` and `previous`, `APPLY_COOKIES_SECRET_KEY` and `APPLY_COOKIES_PREVIOUS_KEYS` (or the
 * files that `…_FILE` name) are the defaults; of `origins`, `APPLY_COOKIES_ORIGIN`, and then what the
 * service says.
 * @typedef {import("./deployment.js").Options & import("./deployment.js").Surroundings} Options
 */

export class ApplyCookies extends Deployment {
  /** @param {Options} [options] */
  constructor(options = {}) {
    const { prefix = "/__apply-cookies", binding, warn = toConsole } = options;
    const { program } = typeof options.dev === "object" ? options.dev : {};
    const dev = options.dev ? start({ program, prefix, binding: binding !== "optional", warn }) : null;
    super(nodeCrypto, dev ? { ...options, secret: dev.secret, previous: [], origins: ORIGINS } : fromEnvironment(options));
    // Bad secrets are told at the start, not at the first sign-in.
    now(this.ring());
    if (dev) {
      this.service = dev.service;
      this.forwardTo = dev.forward;
      this.knownAs = knownAs;
      this.startsWith(dev.ready.then((scope) => this.learn({ scope })));
      return;
    }
    if (options.forward) checkLocal(options.forward);
    this.forwardTo = options.forward ?? null;
    if (options.service) {
      this.service = new Service(options.service, { key: options.serviceKey });
      const checked = checkService(this.service, this, this.keyId);
      if (this.origins === null) this.startsWith(checked);
    } else if (this.origins === null) {
      throw new Error("where are the app's pages? Give `origins`, as in [\"https://app.example\"], set APPLY_COOKIES_ORIGIN, or give `service`, which knows them");
    }
  }

  /** The id of the current secret's key, as the service prints it. */
  get keyId() {
    return Buffer.from(now(this.ring())[0].id).toString("hex");
  }

  /**
   * Tokens for one browser.
   * @param {MintRequest} request
   * @returns {Minted[]} throws `InvalidOperation`
   */
  mint(request) {
    return now(this.minting(request));
  }

  /**
   * Opens a token as the service does, up to the claim: for tests and tools.
   * @param {string} token
   * @param {{ bindingCookie?: string | null, now?: number }} [request]
   * @returns {Opened} throws `Refused`
   */
  open(token, request) {
    return now(this.opening(token, request));
  }

  /**
   * A cookie whose value is signed or encrypted, and read back strictly.
   * @param {string} name
   * @param {Omit<ValueOptions, "name">} [options] encrypted JSON that ends with the browser
   */
  cookie(name, options = {}) {
    const what = { ...options, name };
    const find = (/** @type {IncomingMessage | Request} */ request) => now(this.reading(what, cookieFields(request)));
    return {
      name,
      /** The operation that sets it: `cookies.push(session.write(value))`. @param {unknown} value @returns {OperationJson} */
      write: (value) => now(this.writing(what, value)),
      /** What it holds; `undefined` where it is absent, expired, or not this app's. @param {IncomingMessage | Request} request @returns {any} */
      read: (request) => find(request).value,
      /** The same with its end, or with why it counts as absent. @param {IncomingMessage | Request} request @returns {Found} */
      find,
    };
  }
}

/** @param {IncomingMessage | Request} request @returns {string[]} */
export const cookieFields = (request) => {
  const { headers } = request;
  const field = headers instanceof Headers ? headers.get("cookie") : headers.cookie;
  return field ? [field] : [];
};

/** @internal @param {IncomingMessage} request */
export const askedOf = (request) =>
  asked(request.method ?? "GET", (name) => {
    const value = request.headers[name];
    return value === undefined ? null : String(value);
  });
