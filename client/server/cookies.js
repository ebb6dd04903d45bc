// The handle of one response or socket, before and after its headers: `set` is an ordinary
// `Set-Cookie` while that is possible, a token afterwards, and an exception when nothing can bring it.

import { find } from "./cookie-header.js";
import { fieldsOf } from "./deployment.js";
import { LostCookie, NoBinding } from "./errors.js";
import { lineOf, placeOf } from "./operation.js";
import { withheld } from "./policy.js";

/** @typedef {import("./deployment.js").Attributes} Attributes */
/** @typedef {import("./deployment.js").Deployment} Deployment */
/** @typedef {import("./deployment.js").Minted} Minted */
/** @typedef {import("./deployment.js").OperationJson} OperationJson */
/** @typedef {import("./operation.js").Operation} Operation */
/** @typedef {import("./payload.js").Then} Then */
/** @typedef {import("./policy.js").Asked} Asked */
/** @template T @typedef {import("./steps.js").Steps<T>} Steps */

/**
 * How what is queued leaves once the headers have. An adapter makes it.
 * @typedef {object} Carrier
 * @property {() => void} wake something is queued: send it soon
 * @property {() => Promise<void>} flush sends what is queued; settles when it has left, or is lost
 */

/**
 * The head of a response as it is about to leave.
 * @typedef {object} Head
 * @property {number} status
 * @property {string} type `Content-Type`, or nothing
 * @property {boolean} encoded whether it has a `Content-Encoding`
 * @property {boolean} whole whether its body has a length already, or none
 */

const NO_BINDING =
  "the browser sent no binding cookie, so it could redeem no token: let the page open its stream with listen(() => …), which asks for one first";

export class Cookies {
  #deployment;
  #asked;
  /** @type {"headers" | "carried" | "closed"} */
  #state = "headers";
  /** @type {Error | null} why nothing can bring a cookie any more */
  #lost = null;
  /** @type {Carrier | null} */
  #carrier = null;
  /** @type {string | null} */
  #binding = null;
  /** @type {Map<string, Operation>} by cookie: the last one counts */
  #waiting = new Map();
  #barrier = false;
  /** @type {Then | null} */
  #then = null;
  /** The next token's earliest time: after a barrier. */
  #notBefore = 0;
  /** @type {Map<string, Operation>} what was set or deleted, by name */
  #written = new Map();
  /** @type {Set<Promise<void>>} what `delivered` waits for */
  #unsettled = new Set();
  /** @type {{ expiresAt: number, ask: () => void }[]} */
  #unasked = [];
  /** Whether anything was not given to the browser. */
  #failed = false;

  /**
   * @internal
   * @param {Deployment} deployment
   * @param {Asked} asked
   */
  constructor(deployment, asked) {
    this.#deployment = deployment;
    this.#asked = asked;
  }

  /** `headers` while an ordinary `Set-Cookie` is possible, then `carried` or `closed`. */
  get state() {
    return this.#state;
  }

  /** The value of the browser's binding cookie, once that is known. */
  get binding() {
    return this.#binding;
  }

  /**
   * The cookie as the browser has it, or will have it after what was set here.
   * @param {string} name
   * @returns {string | undefined}
   */
  get(name) {
    const own = this.#deployment.nameOf(name);
    const written = this.#written.get(own);
    if (written) return written.op === "set" ? written.value : undefined;
    const found = find(this.#asked.cookie, own);
    return typeof found === "string" ? undefined : found.value;
  }

  /**
   * @param {string} name
   * @param {string} value visible ASCII without quotes, commas, semicolons and backslashes
   * @param {Attributes} [attributes]
   * @returns {void} throws `InvalidOperation`, `LostCookie` or `NoBinding`
   */
  set(name, value, attributes = {}) {
    this.push({ op: "set", name, value, ...fieldsOf(attributes) });
  }

  /**
   * @param {string} name
   * @param {Pick<Attributes, "path" | "domain" | "secure" | "partitioned">} [attributes] as the cookie was set with
   */
  delete(name, attributes = {}) {
    this.push({ op: "delete", name, ...fieldsOf(attributes) });
  }

  /**
   * Operations that travel together.
   * @param {OperationJson | OperationJson[]} operations
   * @param {object} [options]
   * @param {boolean} [options.barrier] a sign-out: older tokens of this browser are not redeemed any more. It needs a token, so in the headers of a response it does nothing.
   * @param {Then | null} [options.then] what the page does afterwards
   */
  push(operations, { barrier = false, then = null } = {}) {
    const checked = [operations].flat().map((operation) => this.#deployment.operation(operation));
    if (this.#lost) throw this.#lost;
    for (const operation of checked) {
      const place = placeOf(operation);
      // Behind what was queued meanwhile.
      this.#waiting.delete(place);
      this.#waiting.set(place, operation);
      this.#written.set(operation.name, operation);
    }
    this.#barrier ||= barrier;
    this.#then = then ?? this.#then;
    this.#carrier?.wake();
  }

  /**
   * Sends what is queued at once, the headers of an event stream included.
   * @returns {Promise<void>}
   */
  async flush() {
    await this.#carrier?.flush();
  }

  /**
   * Sends what is queued, and waits for what becomes of it and of all that was sent before.
   * @returns {Promise<boolean>} whether the browser was given all of it, since the last time
   */
  async delivered() {
    await this.flush();
    if (this.#state === "headers") {
      throw new Error("the headers of this response have not left yet: `delivered` is for event streams and sockets");
    }
    if (!this.#deployment.service) throw new Error("`delivered` asks the service: give `service`, the address of its internal API");
    for (const { ask } of this.#unasked.splice(0)) ask();
    await Promise.all(this.#unsettled);
    const all = !this.#failed;
    this.#failed = false;
    return all;
  }

  /**
   * The headers leave.
   * @internal
   * @param {Head} head
   * @param {Carrier} carrier
   * @returns {string[]} the `Set-Cookie` lines to add
   */
  leave({ status, type, encoded, whole }, carrier) {
    const lines = this.#headerLines(status);
    if (!/^text\/event-stream\s*(;|$)/i.test(type)) {
      this.#close("the headers of this response have left, and it is no event stream: set cookies before the first write");
    } else if (whole) {
      this.#close("this response ends with its headers");
    } else if (encoded) {
      this.#close("this response is compressed before apply-cookies sees it, so no token can be put in: register applyCookies() after compression(), or leave this route uncompressed");
    } else {
      lines.push(...this.carry(carrier));
    }
    return lines;
  }

  /** @param {number} status */
  #headerLines(status) {
    if (this.#barrier) this.#deployment.warn("a barrier needs a token: there is none in the headers of a response");
    const operations = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#barrier = false;
    this.#then = null;
    if (status >= 500 && operations.length > 0) {
      this.#drop(operations, `the handler failed with ${status}`);
      return [];
    }
    return operations.map(lineOf);
  }

  /**
   * From now on tokens can travel, if this browser may have them.
   * @internal
   * @param {Carrier} carrier
   * @param {boolean} [canBind] whether the head of this response can still set a cookie
   * @returns {string[]} the `Set-Cookie` line of the binding, if it is new
   */
  carry(carrier, canBind = true) {
    const origins = this.#deployment.origins ?? [];
    const why = withheld(this.#asked, origins);
    if (why) {
      this.#close(`no token may travel in this response: ${why}`);
      return [];
    }
    const { binding, set_cookie } = this.#deployment.bind(this.#asked);
    if (this.#deployment.bindingRequired && (binding === null || (set_cookie !== null && !canBind))) {
      this.#state = "closed";
      this.#lost = new NoBinding(NO_BINDING);
      return [];
    }
    this.#binding = set_cookie === null || canBind ? binding : null;
    this.#carrier = carrier;
    this.#state = "carried";
    return set_cookie === null || !canBind ? [] : [set_cookie];
  }

  /** Before the headers there may be somebody who can send them. @internal @param {Carrier} carrier */
  attach(carrier) {
    this.#carrier = carrier;
  }

  /** @internal */
  get isWaiting() {
    return this.#waiting.size > 0;
  }

  /**
   * What is queued, as tokens.
   * @internal
   * @returns {Steps<Minted[]>}
   */
  *take() {
    if (this.#waiting.size === 0) return [];
    const operations = [...this.#waiting.values()].map(jsonOf);
    const request = { binding: this.#binding, operations, barrier: this.#barrier, then: this.#then };
    this.#waiting.clear();
    this.#barrier = false;
    this.#then = null;
    const minted = yield* this.#deployment.minting(request, this.#notBefore);
    if (request.barrier) this.#notBefore = minted[0].issuedAt + 1;
    for (const { receipt, expiresAt } of minted) this.#watch(receipt, expiresAt);
    return minted;
  }

  /** @param {string} receipt @param {number} expiresAt */
  #watch(receipt, expiresAt) {
    const { service } = this.#deployment;
    if (!service) return;
    const ask = () => {
      const settled = service.outcome(receipt, expiresAt).then(({ state }) => {
        this.#unsettled.delete(settled);
        if (state === "released") return;
        this.#failed = true;
        this.#deployment.warn("a token has expired, and nobody had redeemed it");
      });
      this.#unsettled.add(settled);
    };
    if (service.eager) return ask();
    this.#unasked = this.#unasked.filter((one) => one.expiresAt > Date.now());
    this.#unasked.push({ expiresAt, ask });
  }

  /**
   * The stream has ended, or the client has gone.
   * @internal
   * @param {string} why
   */
  end(why) {
    if (this.#waiting.size > 0) this.#drop([...this.#waiting.values()], why);
    this.#waiting.clear();
    this.#close(why);
  }

  /** @param {string} why */
  #close(why) {
    this.#state = "closed";
    this.#carrier = null;
    this.#lost ??= new LostCookie(why);
  }

  /** @param {Operation[]} operations @param {string} why */
  #drop(operations, why) {
    this.#failed = true;
    this.#deployment.warn(`cookies are lost (${operations.map(({ name }) => name).join(", ")}): ${why}`);
  }
}

/** @param {Operation} operation whose defaults are settled @returns {OperationJson} */
const jsonOf = ({ op, name, value, max_age, path, domain, secure, http_only, same_site, partitioned }) =>
  op === "delete"
    ? { op, name, path, domain, secure, partitioned }
    : { op, name, value, max_age, path, domain, secure, http_only, same_site, partitioned };
