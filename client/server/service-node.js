// The service's internal API, from Node: over a unix socket or TCP, with one stream of receipts.

import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

/** @typedef {import("./deployment.js").Outcome} Outcome */

/** How long after its end a token may still be settled: the service's clock need not be ours. */
const GRACE_MS = 2_000;
const PAUSE_MS = 1_000;
/** At most so many receipts are asked for at once. */
const MAX_IDS = 256;

/**
 * Where `unix:/path`, `http://…` or `https://…` is.
 * @param {string} address
 * @returns {{ send: typeof httpRequest, where: import("node:http").RequestOptions }}
 */
export const connection = (address) => {
  if (address.startsWith("unix:")) return { send: httpRequest, where: { socketPath: address.slice(5), host: "localhost" } };
  if (!/^https?:\/\//.test(address)) throw new TypeError("an address is unix:/path, http://… or https://…");
  const { protocol, hostname, port } = new URL(address);
  return { send: protocol === "https:" ? httpsRequest : httpRequest, where: { host: hostname.replace(/^\[|\]$/g, ""), port: port || undefined } };
};

export class Service {
  eager = true;
  #at;
  #key;
  /** @type {Map<string, (outcome: Outcome) => void>} */
  #open = new Map();
  #isListening = false;
  #isHeard = false;

  /**
   * @param {string} address
   * @param {{ key?: string }} [options]
   */
  constructor(address, { key } = {}) {
    this.#at = connection(address);
    this.#key = key;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @returns {Promise<import("node:http").IncomingMessage>}
   */
  #send(method, path, body) {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      /** @type {Record<string, string | number>} */
      const headers = {};
      if (this.#key) headers.authorization = `Bearer ${this.#key}`;
      if (text !== undefined) Object.assign(headers, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
      const sent = this.#at.send({ ...this.#at.where, method, path, headers, agent: false }, resolve);
      // An app that has nothing else to do may end, also while receipts are open.
      if (path.startsWith("/v1/receipts")) sent.on("socket", (socket) => socket.unref());
      sent.on("error", reject).end(text);
    });
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @returns {Promise<any>}
   */
  async ask(method, path, body) {
    const answer = await this.#send(method, path, body);
    let text = "";
    for await (const chunk of answer.setEncoding("utf8")) text += chunk;
    const hint = answer.statusCode === 404 && path === "/v1/info" ? ": is this its internal API (--api-listen)?" : "";
    if (answer.statusCode !== 200) throw new Error(`the service answered ${method} ${path} with ${answer.statusCode}${hint} ${text.slice(0, 300)}`.trimEnd());
    return JSON.parse(text);
  }

  /**
   * What becomes of a token.
   * @param {string} receipt
   * @param {number} expiresAt
   * @returns {Promise<Outcome>}
   */
  outcome(receipt, expiresAt) {
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle({ state: "expired" }), expiresAt + GRACE_MS - Date.now());
      timer.unref();
      const settle = (/** @type {Outcome} */ outcome) => {
        clearTimeout(timer);
        this.#open.delete(receipt);
        resolve(outcome);
      };
      this.#open.set(receipt, settle);
      if (!this.#isListening) this.#listen();
      else if (!this.#isHeard) this.#catchUp().catch(() => {});
    });
  }

  /** Holds the stream of receipts while anybody waits for one; between two, and without one, it asks. */
  async #listen() {
    this.#isListening = true;
    while (this.#open.size > 0) {
      try {
        await this.#events();
      } catch {
        // The next question says whether the service is there.
      }
      this.#isHeard = false;
      if (this.#open.size === 0) break;
      await this.#catchUp(5_000).catch(() => new Promise((resolve) => setTimeout(resolve, PAUSE_MS).unref()));
    }
    this.#isListening = false;
  }

  async #events() {
    const answer = await this.#send("GET", "/v1/receipts/events");
    if (answer.statusCode !== 200) {
      answer.resume();
      return;
    }
    let rest = "";
    for await (const chunk of answer.setEncoding("utf8")) {
      const events = (rest + chunk).split("\n\n");
      rest = events.pop() ?? "";
      for (const event of events) await this.#event(event);
    }
  }

  /** @param {string} event */
  async #event(event) {
    if (event.startsWith(": open")) {
      this.#isHeard = true;
      await this.#catchUp();
    } else if (event.startsWith("event: lost")) {
      await this.#catchUp();
    } else if (event.startsWith("event: receipt")) {
      this.#settle(JSON.parse(event.slice(event.indexOf("data: ") + 6)));
    }
  }

  /** Asks for all that is open. @param {number} [waitMs] */
  async #catchUp(waitMs = 0) {
    const ids = [...this.#open.keys()];
    for (let i = 0; i < ids.length; i += MAX_IDS) {
      const { settled } = await this.ask("POST", "/v1/receipts", { ids: ids.slice(i, i + MAX_IDS), wait_ms: waitMs });
      settled.forEach((/** @type {any} */ one) => this.#settle(one));
    }
  }

  /** @param {Outcome & { id: string }} settled */
  #settle({ id, state, barrier }) {
    this.#open.get(id)?.(barrier ? { state, barrier } : { state });
  }
}
