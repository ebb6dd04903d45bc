// `apply-cookies/testing`: a browser of a few lines, for tests of an app without a service. It opens
// tokens with the app's own secret, and takes each once; barriers and restarts are the service's.

import { toBase64url } from "./bytes.js";
import { bindingName } from "./policy.js";
import { later } from "./steps.js";

/** @typedef {import("./deployment.js").Deployment} Deployment */

const FRAMES = [/^event: apply-cookies\ndata: \{"token":"([^"]+)"\}$/gm, /^\{"type":"apply-cookies","token":"([^"]+)"\}$/gm, /<apply-cookies token="([^"]+)">/g];

/**
 * For tests of an app that waits: every token that is sent has this outcome at once, so that
 * `delivered()` answers. A test's `fetch` often reads a stream to its end before it redeems anything.
 * @template {Deployment} T
 * @param {T} deployment the app's `ApplyCookies`, made without `service`
 * @param {"released" | "expired"} [state]
 * @returns {T} the same
 */
export const settled = (deployment, state = "released") => {
  const ask = async () => {
    throw new Error("this test has no service");
  };
  deployment.service = { eager: true, outcome: async () => ({ state }), ask };
  return deployment;
};

export class Browser {
  #deployment;
  /** @type {Set<string>} */
  #used = new Set();
  /** What it keeps, by name: attributes are not looked at, but for deletions. @type {Map<string, string>} */
  jar = new Map();
  /** Every `Set-Cookie` line that it was given. @type {string[]} */
  lines = [];

  /** @param {Deployment} deployment the app's `ApplyCookies` */
  constructor(deployment) {
    this.#deployment = deployment;
    const fresh = toBase64url(globalThis.crypto.getRandomValues(new Uint8Array(32)));
    this.jar.set(bindingName(deployment.plainHttp), fresh);
  }

  /** The `Cookie` field of its next request. */
  get cookie() {
    return [...this.jar].map((pair) => pair.join("=")).join("; ");
  }

  /** @param {readonly string[]} lines of `Set-Cookie` */
  keep(lines) {
    for (const line of lines) {
      this.lines.push(line);
      const [pair, ...attributes] = line.split("; ");
      const at = pair.indexOf("=");
      if (attributes.includes("Max-Age=0")) this.jar.delete(pair.slice(0, at));
      else this.jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
  }

  /**
   * Redeems every token in what the app has sent: an event stream, a message of a socket, HTML.
   * @param {string} text
   * @returns {Promise<string[]>} the lines that they brought; rejects where the service would refuse one
   */
  async take(text) {
    const tokens = FRAMES.flatMap((frame) => [...text.matchAll(frame)].map(([, token]) => token));
    /** @type {string[]} */
    const brought = [];
    for (const token of tokens) {
      const bindingCookie = this.jar.get(bindingName(this.#deployment.plainHttp)) ?? null;
      const opened = await later(this.#deployment.opening(token, { bindingCookie }));
      const nonce = toBase64url(opened.nonce);
      if (this.#used.has(nonce)) throw new Error("this token is used already");
      this.#used.add(nonce);
      brought.push(...opened.setCookie);
    }
    this.keep(brought);
    return brought;
  }
}
