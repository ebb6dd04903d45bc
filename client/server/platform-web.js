// The same where there is nothing but the web's own: no sockets of files, no processes.

/** @typedef {import("./deployment.js").Outcome} Outcome */

const WAIT_MS = 25_000;
const PAUSE_MS = 1_000;
const GRACE_MS = 2_000;

const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

/** Asks when it is asked: at the edge nothing outlives its request. */
export class Service {
  eager = false;
  #address;
  #key;

  /**
   * @param {string} address
   * @param {{ key?: string }} options
   */
  constructor(address, { key }) {
    if (!/^https?:/.test(address)) throw new TypeError("service: an address with http or https; other sockets need Node");
    this.#address = address.replace(/\/$/, "");
    this.#key = key;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @returns {Promise<any>}
   */
  async ask(method, path, body) {
    /** @type {Record<string, string>} */
    const headers = {};
    if (this.#key) headers.authorization = `Bearer ${this.#key}`;
    if (body !== undefined) headers["content-type"] = "application/json";
    const answer = await fetch(this.#address + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    if (answer.status !== 200) throw new Error(`the service answered ${method} ${path} with ${answer.status}`);
    return answer.json();
  }

  /**
   * @param {string} receipt
   * @param {number} expiresAt
   * @returns {Promise<Outcome>}
   */
  async outcome(receipt, expiresAt) {
    for (let left; (left = expiresAt + GRACE_MS - Date.now()) > 0; ) {
      try {
        const { settled } = await this.ask("POST", "/v1/receipts", { ids: [receipt], wait_ms: Math.min(WAIT_MS, left) });
        if (settled.length > 0) {
          const [{ state, barrier }] = settled;
          return barrier ? { state, barrier } : { state };
        }
      } catch {
        await pause();
      }
    }
    return { state: "expired" };
  }
}

/**
 * @template {import("./deployment.js").Options} T
 * @param {T} options
 * @returns {T}
 */
export const fromEnvironment = (options) => options;

/** @returns {never} */
export const start = () => {
  throw new Error("dev: only Node can start the service; give `secret`, `origins` and `service`");
};

/** @type {string[]} */
export const ORIGINS = [];
export const knownAs = undefined;

/** @param {string} _address */
export const checkLocal = (_address) => {
  throw new Error("forward: only in Node; here the endpoint's path is routed by the platform");
};

/** @returns {Promise<Response>} */
export const forward = async () => new Response(null, { status: 503 });
