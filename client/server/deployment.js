// What all parts of one app share: secrets, origins, lifetimes. `server.js` and `edge.js` make it.

import { checkBatch, split } from "./batch.js";
import { fromBase64url, toBase64url, utf8 } from "./bytes.js";
import { InvalidOperation, Refused } from "./errors.js";
import { ringOf } from "./keys.js";
import { DEFAULT_LIFETIME, MAX_LIFETIME } from "./limits.js";
import { fromObject, withoutPrefixes } from "./operation.js";
import { mayGo } from "./payload.js";
import { bind, isPlainHttp } from "./policy.js";
import { bindingOf, isBinding, open, receiptOf, seal } from "./token.js";
import { readFrom, write } from "./values.js";

/** @typedef {import("./crypto-web.js").Crypto} Crypto */
/** @typedef {import("./keys.js").Ring} Ring */
/** @typedef {import("./operation.js").Operation} Operation */
/** @typedef {import("./payload.js").Then} Then */
/** @typedef {import("./policy.js").Asked} Asked */
/** @typedef {import("./token.js").Opened} Opened */
/** @typedef {import("./token.js").Seal} Seal */
/** @typedef {import("./values.js").Protection} Protection */
/** @template T @typedef {import("./steps.js").Steps<T>} Steps */

/**
 * @typedef {object} Options
 * @property {string} [secret] the current one, at least 32 bytes; `apply-cookies keygen` makes one
 * @property {string[]} [previous] secrets that still verify
 * @property {string[]} [origins] where the app's pages are, as in `https://app.example`: the same list as `serve --origin`
 * @property {string} [prefix] of the endpoint; `/__apply-cookies`
 * @property {"required" | "optional"} [binding] whether every token is bound to one browser; `required`
 * @property {Seal} [seal] `encrypted`
 * @property {number} [ttlMs] how long a token lives; 60000
 * @property {(message: string) => void} [warn] where warnings go; `console.warn`
 */

/**
 * What is around the app. At the edge there are no sockets of files, no `forward` and no `dev`.
 * @typedef {object} Surroundings
 * @property {string} [service] the service's internal API, `unix:/run/apply-cookies/api.sock` or `http://127.0.0.1:8789`: receipts come from there
 * @property {string} [serviceKey] what the latter asks for
 * @property {string} [forward] the service's public listener: requests to the prefix are passed on to it
 * @property {boolean | { program?: string }} [dev] starts the service, and does all of this
 */

/**
 * One operation as JSON has it (SPEC §7). Only `op`, `name` and the `value` of a set are required.
 * @typedef {object} OperationJson
 * @property {"set" | "delete"} op
 * @property {string} name
 * @property {string} [value]
 * @property {number | null} [max_age] seconds
 * @property {string | null} [path]
 * @property {string | null} [domain]
 * @property {boolean | null} [secure]
 * @property {boolean | null} [http_only]
 * @property {"Strict" | "Lax" | "None" | null} [same_site]
 * @property {boolean | null} [partitioned]
 */

/**
 * @typedef {object} MintRequest
 * @property {string | null} [binding] the value of the browser's binding cookie
 * @property {OperationJson[]} operations
 * @property {boolean} [barrier] a sign-out: no older token of this browser is redeemed afterwards
 * @property {Then | null} [then] what the page does afterwards
 * @property {Seal} [seal]
 * @property {number} [ttlMs]
 */

/**
 * @typedef {object} Minted
 * @property {string} token
 * @property {string} receipt the id under which the service settles it
 * @property {number} issuedAt milliseconds since 1970
 * @property {number} expiresAt
 */

/**
 * What a cookie is set with, by the names of JavaScript.
 * @typedef {object} Attributes
 * @property {number | null} [maxAge] seconds; a cookie without it ends with the browser
 * @property {string | null} [path] `/`
 * @property {string | null} [domain] none
 * @property {boolean | null} [secure] as the app's origins are https or not
 * @property {boolean | null} [httpOnly] true
 * @property {"Strict" | "Lax" | "None" | null} [sameSite] `Lax`
 * @property {boolean | null} [partitioned] false
 */

/** @type {Record<keyof Attributes, string>} */
const FIELDS = {
  maxAge: "max_age",
  path: "path",
  domain: "domain",
  secure: "secure",
  httpOnly: "http_only",
  sameSite: "same_site",
  partitioned: "partitioned",
};

/**
 * @param {Attributes} attributes
 * @returns {Partial<OperationJson>}
 */
export const fieldsOf = (attributes) =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => {
      if (!Object.hasOwn(FIELDS, name)) throw new InvalidOperation(name, "unknown attribute");
      return [FIELDS[/** @type {keyof Attributes} */ (name)], value];
    }),
  );

/**
 * What became of cookies: `released` to the browser (`barrier: "failed"` where a sign-out could not
 * raise its barrier), or `expired` before anybody redeemed them.
 * @typedef {{ state: "released" | "expired", barrier?: "failed" }} Outcome
 */

/**
 * The service, by its internal API. `eager` is one that hears of every receipt anyway, so that a token
 * is watched before it leaves, and one that nobody redeems is told; the others ask when they must.
 * @typedef {object} Service
 * @property {boolean} eager
 * @property {(receipt: string, expiresAt: number) => Promise<Outcome>} outcome
 * @property {(method: string, path: string, body?: unknown) => Promise<any>} ask
 */

const HTTP = /^https?:\/\/[^/]+$/;

/** @param {string} message */
export const toConsole = (message) => console.warn(`apply-cookies: ${message}`);

export class Deployment {
  /** @type {Crypto} */
  #crypto;
  /** @type {string[]} */
  #secrets;
  /** @type {Ring | null} */
  #ring = null;
  /** @type {string[] | null} */
  #origins = null;
  /** @type {Uint8Array | null} */
  #scope = null;
  #seal;
  #ttlMs;
  /** Settles when the origins are known, and in development when the service is there. @type {Promise<void>} */
  started = Promise.resolve();
  /** @internal */
  isStarted = true;
  /** @internal @type {Service | null} */
  service = null;
  /** The service's public listener, for requests to the prefix. @internal @type {string | null} */
  forwardTo = null;
  /** How the service knows an origin of this app. @internal @type {((origin: string) => string) | undefined} */
  knownAs = undefined;

  /**
   * @param {Crypto} crypto
   * @param {Options} options
   */
  constructor(crypto, { secret, previous = [], origins, prefix = "/__apply-cookies", ...rest }) {
    this.#crypto = crypto;
    this.#secrets = [secret ?? "", ...previous];
    this.#seal = rest.seal ?? "encrypted";
    this.#ttlMs = rest.ttlMs ?? DEFAULT_LIFETIME;
    this.prefix = prefix;
    this.bindingRequired = rest.binding !== "optional";
    this.warn = rest.warn ?? toConsole;
    if (origins) this.learn({ origins });
  }

  /** Where the app's pages are; `null` until the service has said so. */
  get origins() {
    return this.#origins;
  }

  /** Whether no page is on https: cookies are then not `Secure` by themselves (SPEC §4.1). */
  get plainHttp() {
    return this.#origins !== null && isPlainHttp(this.#origins);
  }

  /**
   * @internal
   * @param {{ origins?: string[], scope?: string | null }} info
   */
  learn({ origins, scope }) {
    if (origins) {
      if (!Array.isArray(origins)) throw new TypeError('origins: an array, as in ["https://app.example"]');
      const wrong = origins.find((origin) => !HTTP.test(origin));
      if (origins.length === 0 || wrong !== undefined) throw new TypeError(`origins: scheme, host and port alone, as in https://app.example, not ${wrong ?? "none"}`);
      this.#origins = origins;
    }
    if (scope) this.#scope = fromBase64url(scope);
  }

  /** @internal @param {Promise<void>} starting */
  startsWith(starting) {
    this.isStarted = false;
    this.started = starting.then(() => void (this.isStarted = true));
    // Whoever awaits it is told of a failure; nobody must.
    this.started.catch(() => {});
  }

  /** @returns {Steps<Ring>} */
  *ring() {
    this.#ring ??= yield* ringOf(this.#crypto, this.#secrets);
    return this.#ring;
  }

  /**
   * One token, or as many as it takes (SPEC §9.6).
   * @param {MintRequest} request
   * @param {number} [notBefore] milliseconds: after a barrier of the same response
   * @returns {Steps<Minted[]>}
   */
  *minting(request, notBefore = 0) {
    const { binding: cookie = null, barrier = false, then = null, seal: kind = this.#seal, ttlMs = this.#ttlMs } = request;
    if (cookie === null ? this.bindingRequired : !isBinding(cookie)) {
      throw new InvalidOperation("binding", "the value of the browser's binding cookie");
    }
    if (!Number.isInteger(ttlMs) || ttlMs < 1 || ttlMs > MAX_LIFETIME) throw new InvalidOperation("ttlMs", "1 to 86400000");
    if (!isThen(then)) throw new InvalidOperation("then", "reconnect, reload, or go with a path of this origin");
    const batches = split(request.operations.map((operation) => fromObject(operation, this.plainHttp)));
    const [keys] = yield* this.ring();
    const binding = yield* bindingOf(keys, cookie);
    const first = Math.max(Date.now(), notBefore);
    /** @type {Minted[]} */
    const minted = [];
    for (const [i, operations] of batches.entries()) {
      const issuedAt = first + (barrier && i > 0 ? 1 : 0);
      const expiresAt = issuedAt + ttlMs;
      const random = this.#crypto.random(32);
      const nonce = random.subarray(0, 16);
      const last = i === batches.length - 1;
      const payload = {
        barrier: barrier && i === 0,
        nonce,
        issuedAt,
        expiresAt,
        scope: this.#scope,
        binding,
        then: last ? then : null,
        operations,
      };
      const token = yield* seal(keys, payload, kind, random.subarray(16));
      minted.push({ token, receipt: yield* receiptOf(keys, nonce), issuedAt, expiresAt });
    }
    return minted;
  }

  /**
   * Opens a token as the service does, up to the claim: for tests and tools.
   * @param {string} token
   * @param {{ bindingCookie?: string | null, now?: number }} [request]
   * @returns {Steps<Opened>}
   */
  *opening(token, { bindingCookie = null, now = Date.now() } = {}) {
    const request = { now, bindingCookie, bindingRequired: this.bindingRequired };
    return yield* open(yield* this.ring(), token, request);
  }

  /**
   * An operation, checked, with its defaults.
   * @param {unknown} operation
   */
  operation(operation) {
    return fromObject(operation, this.plainHttp);
  }

  /** The name that a cookie has with these origins. @param {string} name */
  nameOf(name) {
    return this.plainHttp ? withoutPrefixes(name) : name;
  }

  /** @internal @param {Asked} asked */
  bind(asked) {
    if (this.#origins === null) throw new Error("the app's origins are not known yet: give `origins`, or set APPLY_COOKIES_ORIGIN");
    return bind(asked, this.#origins, () => toBase64url(this.#crypto.random(32)));
  }

  /**
   * The operation that sets a protected value.
   * @param {ValueOptions} what
   * @param {unknown} value
   * @returns {Steps<OperationJson>}
   */
  *writing({ name, protection = "encrypted", json = true, ...attributes }, value) {
    const text = json ? JSON.stringify(value) : String(value);
    const now = Date.now();
    const { maxAge = null } = attributes;
    const cookie = yield* write(yield* this.ring(), {
      name: this.nameOf(name),
      protection,
      value: utf8(text),
      expiresAt: maxAge === null || protection === "plain" ? null : now + maxAge * 1000,
      now,
      iv: this.#crypto.random(16),
    });
    const operation = /** @type {OperationJson} */ ({ op: "set", name, value: cookie, ...fieldsOf(attributes) });
    checkBatch([this.operation(operation)]);
    return operation;
  }

  /**
   * @param {ValueOptions} what
   * @param {string[]} fields
   * @returns {Steps<Found>}
   */
  *reading({ name, protection = "encrypted", json = true }, fields) {
    try {
      const what = { name: this.nameOf(name), protection, json, now: Date.now() };
      const { value, expiresAt, underPreviousKey } = yield* readFrom(yield* this.ring(), fields, what);
      return { value, expiresAt, renew: underPreviousKey };
    } catch (error) {
      if (error instanceof Refused) return { reason: error.step };
      throw error;
    }
  }
}

/**
 * A cookie whose value this package writes and reads (SPEC §12).
 * @typedef {{ name: string, protection?: Protection, json?: boolean } & Attributes} ValueOptions
 */

/**
 * What a cookie holds, or why it counts as absent (SPEC §12.4): the reason is for the log. `renew`
 * says that it was written under a previous secret: write it again before that goes.
 * @typedef {{ value: any, expiresAt: number | null, renew: boolean, reason?: undefined } | { reason: string, value?: undefined }} Found
 */

/** @param {unknown} then */
const isThen = (then) =>
  then === null ||
  then === "reconnect" ||
  then === "reload" ||
  (typeof then === "object" && typeof (/** @type {any} */ (then).go) === "string" && mayGo(/** @type {any} */ (then).go));
