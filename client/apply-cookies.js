// The browser's half of apply-cookies: a token that came through a stream goes back to the server in
// a POST of its own, because only an ordinary HTTP answer can set an HttpOnly cookie.

/**
 * What can go wrong: the server's refusals by their names, `network` when no answer came,
 * `unknown` for any other answer.
 * @typedef {"invalid" | "expired" | "used" | "wrong-browser" | "origin" | "too-large" | "unsupported-media-type" | "unavailable" | "network" | "unknown"} ProblemType
 */

const NAME = "apply-cookies";

// The server's names only: a proxy in between may answer with problems of its own.
const REFUSAL = /^(invalid|expired|used|wrong-browser|origin|too-large|unsupported-media-type|unavailable)$/;

/** How many settled tokens are remembered: a page that stays open for weeks must not grow. */
const MEMORY = 100;

/**
 * `endpoint` is where tokens are posted, without a slash at its end. The server serves this module as
 * `{prefix}/client.js`, so it knows its prefix by itself; a bundled copy falls back to the default.
 */
export const settings = {
  endpoint: /^([^?#]+)\/client\.js(?![^?#])/.exec(import.meta.url)?.[1] ?? "/__" + NAME,
};

/** Why the cookies of a token are not there. */
export class ApplyCookiesError extends Error {
  /**
   * @param {number} status the answer's HTTP status; 0 when there was none
   * @param {ProblemType} type
   * @param {unknown} [cause]
   */
  constructor(status, type, cause) {
    super(`${NAME}: ${type} (${status})`, { cause });
    this.name = "ApplyCookiesError";
    this.status = status;
    this.type = type;
  }
}

/**
 * One POST to the endpoint: done when it is answered with 204, an {@link ApplyCookiesError} otherwise.
 * @param {string} path
 * @param {URLSearchParams} [body]
 */
async function post(path, body) {
  let status = 0;
  /** @type {ProblemType} */
  let type = "network";
  let cause;
  try {
    const answer = await fetch(settings.endpoint + path, {
      method: "POST",
      body,
      // A token must not leave this origin, wherever `settings`, a <base> or a redirect points to.
      mode: "same-origin",
      credentials: "same-origin",
      redirect: "error",
      // A page with the policy `no-referrer` would otherwise send `Origin: null` in this mode, as the
      // Fetch standard has it, and be refused. This policy shows the origin and never the path.
      referrerPolicy: "strict-origin",
      cache: "no-store",
      keepalive: true,
      // One request that hangs must not hold up the others, nor the lock that all tabs wait for.
      signal: AbortSignal.timeout(10_000),
    });
    status = answer.status;
    // Not `ok`: the 200 of a catch-all route or a captive portal has set no cookies.
    if (status == 204) return;
    type = "unknown";
    if (answer.headers.get("content-type")?.startsWith("application/problem+json")) {
      const problem = await answer.json();
      if (REFUSAL.test(problem.type)) type = problem.type;
    }
  } catch (error) {
    cause = error;
  }
  throw new ApplyCookiesError(status, type, cause);
}

/**
 * @param {string} step
 * @param {{ status: number, type: ProblemType }} [detail] never the token: any script may listen
 */
const tell = (step, detail) =>
  globalThis.document?.dispatchEvent(new CustomEvent(`${NAME}:${step}`, { detail }));

/**
 * One token's way to its end. A retry belongs here, where each POST sends the same `body`: the same
 * token with the same redemption id.
 * @param {URLSearchParams} body
 */
async function redeem(body) {
  tell("posted");
  try {
    await post("", body);
  } catch (error) {
    const { status, type } = /** @type {ApplyCookiesError} */ (error);
    tell("failed", { status, type });
    throw error;
  }
  tell("applied");
}

/** 128 random bits: they make it safe to ask again for the same token after a lost answer. */
const redemptionId = () =>
  btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))))
    .slice(0, 22)
    .replaceAll("+", "-")
    .replaceAll("/", "_");

/** @type {Map<string, Promise<void>>} */
const known = new Map();

/** @type {Promise<unknown>} */
let queue = Promise.resolve();

/**
 * Gives the token to the server; settles when the browser has its cookies. Tokens are posted one at a
 * time, in the order of the calls. A token that was given before is not posted again.
 * @param {string} token
 * @returns {Promise<void>} rejects with an {@link ApplyCookiesError}
 */
export function applyCookies(token) {
  let applied = known.get(token);
  if (!applied) {
    // Drawn once for the token, not once for a POST.
    const body = new URLSearchParams({ t: token, r: redemptionId() });
    applied = new Promise((resolve, reject) => {
      // The queue itself never fails, so that one refused token does not hold up those behind it.
      queue = queue.then(() => redeem(body).then(resolve, reject)).then(forget);
    });
    known.set(token, applied);
  }
  return applied;
}

// Tokens settle in the order in which they came, so dropping at most one for each that settles never
// drops one that still waits.
const forget = () => {
  if (known.size > MEMORY) known.delete(/** @type {string} */ (known.keys().next().value));
};

/**
 * For frames and elements, where nobody holds the promise: the DOM events tell of a failure.
 * @param {unknown} token
 */
const applyQuietly = (token) => {
  if (token && typeof token == "string") applyCookies(token).catch(() => {});
};

/**
 * Applies the tokens that a stream brings.
 * @param {EventSource | WebSocket} source
 * @returns {() => void} stops listening
 */
export function listen(source) {
  // An EventSource delivers our frames by name; a socket has one kind of message for everything.
  const socket = "send" in source;
  const name = socket ? "message" : NAME;
  /** @param {Event} event */
  const hear = (event) => {
    try {
      const { type, token } = JSON.parse(/** @type {MessageEvent} */ (event).data);
      if (!socket || type == NAME) applyQuietly(token);
    } catch {
      // Not a frame of ours: the app's own message, or a binary one.
    }
  };
  source.addEventListener(name, hear);
  return () => source.removeEventListener(name, hear);
}

/** @type {Promise<void> | undefined} */
let bound;

/**
 * Settles when this browser has its binding cookie. Await it before opening a stream: tokens that were
 * minted for a request without the cookie are of no use.
 * @returns {Promise<void>} rejects with an {@link ApplyCookiesError}; the next call then tries again
 */
export function ready() {
  return (bound ??= bind().catch((error) => {
    bound = undefined;
    // The lock can be refused too, in a document that has no storage.
    throw error instanceof ApplyCookiesError ? error : new ApplyCookiesError(0, "unknown", error);
  }));
}

async function bind() {
  const ask = () => post("/bind");
  // Tabs that are restored together must not each be given a cookie that replaces the others'.
  const locks = globalThis.navigator?.locks;
  await (locks ? locks.request(NAME + "-bind", ask) : ask());
}

// Not in node, not in a worker, and not twice when the page loads two copies.
if (globalThis.customElements && !customElements.get(NAME)) {
  customElements.define(
    NAME,
    class extends HTMLElement {
      static observedAttributes = ["token"];

      connectedCallback() {
        // Not a style: the page's Content-Security-Policy may forbid inline ones.
        this.hidden = true;
        const token = this.getAttribute("token");
        this.removeAttribute("token");
        applyQuietly(token);
      }

      // Morphed HTML puts a new token into an old element; a detached one waits for its insertion.
      attributeChangedCallback() {
        if (this.isConnected && this.hasAttribute("token")) this.connectedCallback();
      }
    },
  );
}
