// The browser module of apply-cookies: a token that came through a stream goes back to the server in
// a POST of its own, because only an ordinary HTTP answer can set an HttpOnly cookie.

/**
 * The kinds of failure: the server's refusals by their names (`expired` also if a token expired
 * without an answer), `network` if no answer came, `unknown` for any other answer.
 * @typedef {"invalid" | "expired" | "used" | "wrong-browser" | "origin" | "too-large" | "unsupported-media-type" | "unavailable" | "network" | "unknown"} ProblemType
 */

const NAME = "apply-cookies";
const WRONG = "wrong-browser";

/** How many settled tokens are remembered: a page open for weeks must not grow. */
const MEMORY = 100;

/** Longest time for one POST, for the wait for a turn, and for the turn itself, in milliseconds. */
const PATIENCE = 10_000;

/**
 * `endpoint` is where tokens are posted, without a trailing slash. The server serves this module as
 * `{prefix}/client.js`, so it knows its own prefix; a bundled copy falls back to the default. To
 * change it, do so right after the import.
 *
 * `lifetime` is how long a token can be redeemed, in milliseconds: the page cannot read it from the
 * token. The server puts its own number into the copy that it serves, so it stays a plain literal.
 */
export const settings = {
  endpoint: /^([^?#]+)\/client\.js(?![^?#])/.exec(import.meta.url)?.[1] ?? "/__" + NAME,
  lifetime: 60000,
};

/** Why the cookies of a token are not set. */
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

/** @typedef {Promise<[error: ApplyCookiesError | false, headers?: Headers]>} Answer */

/**
 * One POST to the endpoint, applied if the answer is 204. It never throws: an answer may come before
 * anyone waits for it.
 * @param {string} path
 * @param {URLSearchParams} [body]
 * @returns {Answer}
 */
async function post(path, body, keepalive = true) {
  let status = 0;
  /** @type {ProblemType} */
  let type = "network";
  let cause;
  /** @type {Headers | undefined} */
  let headers;
  try {
    const answer = await fetch(settings.endpoint + path, {
      method: "POST",
      body,
      // A token must not leave this origin, wherever `settings`, a <base> or a redirect points to.
      mode: "same-origin",
      redirect: "error",
      // A page with the policy `no-referrer` would otherwise send `Origin: null` in this mode, as the
      // Fetch standard has it, and be refused. This policy shows the origin and never the path.
      referrerPolicy: "strict-origin",
      keepalive,
      // A request that hangs must not hold up the others, nor the lock that all tabs wait for.
      // Browsers without this (Safari 15) wait as long as it takes.
      signal: AbortSignal.timeout?.(PATIENCE),
    });
    ({ status, headers } = answer);
    type = "unknown";
    // Only names like the server's: a proxy in between may answer with its own problems, whose types
    // are URLs.
    type = (await answer.json()).type.match(/^[a-z-]+$/)[0];
  } catch (error) {
    cause = error;
  }
  // Not `ok`: a 200 from a catch-all route or a captive portal has set no cookies.
  return [status != 204 && new ApplyCookiesError(status, type, cause), headers];
}

/**
 * Sends the page an event; returns false if the page prevents what comes next.
 * @param {string} step
 * @param {object} [detail] never the token: any script may listen
 */
const tell = (step, detail) =>
  globalThis.document?.dispatchEvent(new CustomEvent(`${NAME}:${step}`, { detail, cancelable: true })) ?? true;

/** @param {number} ms */
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Waits for earlier work, but not for ever.
 * @param {Promise<unknown> | undefined} before
 */
const limit = (before, ms = PATIENCE) => Promise.race([before, sleep(ms)]);

/**
 * Works while no other tab does; turns come in the order of the calls in all tabs. The wait and the
 * turn are both limited: a frozen tab may have the lock, and one token without an answer must not
 * stop every tab. After that the work goes on without the lock. Asking for it again would put the
 * oldest token behind all later ones, which keeps the order less well, not better.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 */
const inTurn = async (name, work) => {
  /** @type {Promise<T> | undefined} */
  let result;
  const start = () => (result ??= work());
  try {
    await limit(navigator.locks.request(name, () => limit(start())));
  } catch {
    // There are no locks, or the document has no storage and is refused them; or the work failed,
    // which the caller sees below.
  }
  return start();
};

/** The name of the lock, channel and storage that all pages of this endpoint share. */
const key = () => NAME + settings.endpoint;

/**
 * The source of a token. Called with nothing once the token is applied, with the type of its failure,
 * or with an action.
 * @typedef {(what?: string) => void} Carrier
 */

/**
 * The arguments of {@link enter}. JSON makes the carrier null, as the next page needs it: the visitor
 * has moved on, so only the cookies are wanted. `r` is the redemption id, and `end` the time when the
 * token has certainly expired, in milliseconds since 1970.
 * @typedef {[token: string, carrier: Carrier | null, r: string, end: number]} Given
 */

/**
 * With the parts that JSON leaves out: the POST, and how to make it.
 * @typedef {Given & { sent?: Answer | null, send: (keepalive?: boolean) => Answer }} Item
 */

/** @type {Map<string, Promise<void>>} */
const known = new Map();

/** @type {Promise<unknown> | undefined} */
let queue;

/** @type {Promise<void> | null | undefined} */
let bound;

/** @type {BroadcastChannel | undefined} */
let channel;

/**
 * The tokens that have no answer yet.
 * @type {Set<Item>}
 */
const open = new Set();

/**
 * Takes one token to its end.
 * @param {string} t
 * @param {Carrier | null} [carrier]
 * @param {string} r the redemption id, 128 random bits, drawn once for the token, not for each POST:
 *   it makes it safe to ask again after a lost answer
 * @param {number} end
 */
function enter(
  t,
  carrier = () => {},
  r = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))))
    .slice(0, 22)
    .replace(/\W/g, (c) => (c == "+" ? "-" : "_")),
  end = Date.now() + settings.lifetime,
) {
  let applied = known.get(t);
  if (!applied) {
    const before = queue;
    const item = /** @type {Item} */ ([t, carrier, r, end]);
    open.add(item);
    // A call while a POST is in flight, or answered, gets the answer of that POST.
    item.send = (keepalive) =>
      (item.sent ??= (tell("posted"), post("", new URLSearchParams({ t, r }), keepalive)));
    // By a clock that nobody can set. From page to page only the other clock works.
    const over = end - Date.now() + performance.now();
    const left = () => over - performance.now();
    applied = inTurn(key(), async () => {
      // Ten seconds of a minute are reserved for it, whatever holds up the tokens before it.
      await limit(before, (left() * 5) / 6);
      /** @type {ApplyCookiesError | false | undefined} */
      let error;
      let headers;
      for (let pause = 250; ; pause *= 2) {
        if (!item.sent && !(left() > 0)) {
          error = new ApplyCookiesError(0, "expired", error);
          break;
        }
        // With 64 KiB in flight, a browser fails keepalive as it would without a network.
        [error, headers] = await item.send(/** @type {any} */ (error)?.status != 0);
        // Also if there is no error, and so no status.
        if (!/^(0|408|50[234])$/.test(/** @type {any} */ (error).status)) break;
        // Those after it too, if the page was left and came back: they were posted before this one
        // will be, and posting them again keeps the order.
        open.forEach((other) => (other.sent = null));
        // A number of seconds, a date, or none.
        const after = /** @type {any} */ (headers?.get("retry-after"));
        await sleep(Math.min(after * 1000 || Date.parse(after) - Date.now() || 0, left()));
        await sleep(Math.random() * Math.min(pause, 5000, left()));
      }
      open.delete(item);
      carrier = item[1];
      if (error) {
        const { status, type } = error;
        // The next stream needs this browser's current binding.
        if (type == WRONG) bound = null;
        if (tell("failed", { status, type })) carrier?.(type);
        throw error;
      }
      tell("applied");
      channel?.postMessage(0);
      if (carrier) {
        carrier();
        act(headers?.get(NAME + "-then"), carrier);
      }
    });
    // The queue itself never fails, so that a refused token does not hold up those after it. It waits
    // for all earlier ones, so dropping at most one for each never drops one that still waits.
    queue = Promise.allSettled([applied, before]).then(() => {
      const [oldest] = known.keys();
      if (known.size > MEMORY) known.delete(oldest);
    });
    // A new promise, whose failure the caller handles; the queue's never fails.
    known.set(t, (applied = applied.then()));
  }
  return applied;
}

/**
 * Does what the server asks for next. It does so in the answer, never in a frame.
 * @param {string | null | undefined} then
 * @param {Carrier} carrier
 */
function act(then, carrier) {
  try {
    const [action, path] = /** @type {string} */ (then).split(" ");
    const { href } = new URL(path ?? "", /** @type {any} */ (location));
    // Not the URL's `origin`: a blob's would pass.
    if (href.startsWith(location.origin + "/") && tell("then", { action, path })) {
      if (action == "go") location.assign(href);
      if (action == "reload") location.reload();
      carrier(action);
    }
  } catch {
    // There is no action, no valid path, or no page.
  }
}

/**
 * Posts the token to the server; settles when the browser has its cookies. Tokens are posted one at a
 * time, in the order of the calls. The same token is not posted twice.
 * @param {string} token
 * @returns {Promise<void>} rejects with an {@link ApplyCookiesError}
 */
export const applyCookies = (token) => enter(token);

/**
 * For tokens whose promise nobody awaits: DOM events report a failure.
 * @param {unknown} token
 * @param {[carrier?: Carrier | null, r?: string, end?: number]} rest
 */
const applyQuietly = (token, ...rest) => {
  if (token && typeof token == "string") enter(token, ...rest).catch(() => {});
};

/** @typedef {EventSource | WebSocket} Source */

/**
 * @param {Source} source
 * @param {Carrier} [carrier]
 */
function follow(source, carrier) {
  // An EventSource delivers frames by name; a socket has one kind of message for everything.
  const name = "send" in source ? "message" : NAME;
  /** @param {Event} event */
  const hear = (event) => {
    try {
      const { type, token } = JSON.parse(/** @type {MessageEvent} */ (event).data);
      if (name == NAME || type == NAME) applyQuietly(token, carrier);
    } catch {
      // Not a frame: the app's own message, or a binary one.
    }
  };
  source.addEventListener(name, hear);
  return () => source.removeEventListener(name, hear);
}

/**
 * Applies the tokens that a stream brings. A function is called to open the stream once
 * {@link ready} has settled, and again if the server asks for it or the binding was lost.
 * @param {Source | (() => Source)} source
 * @returns {() => void} stops listening, and closes the stream that the function has opened
 */
export function listen(source) {
  if (typeof source != "function") return follow(source);
  const memory = {};
  /** @type {Source | undefined} */
  let stream;
  const reopen = async () => {
    stream?.close();
    // A stream brings more than tokens, and its answer can set the binding too.
    await ready().catch(() => {});
    if (source) follow((stream = /** @type {() => Source} */ (source)()), recovery(memory, reopen, "reconnect"));
  };
  reopen();
  return () => {
    source = /** @type {any} */ (null);
    stream?.close();
  };
}

/**
 * Reopens a stream for a new binding, once: if a token of the next opening is refused for the same
 * reason, cookies are blocked. Each opening follows its own tokens and reopens at most once, so that
 * tokens of an old opening still in the queue count neither for nor against the new one.
 * @param {Record<string, unknown>} memory of a failure in the previous opening; a success clears it
 *   for the next opening, but not for its own: with one good and one foreign token in each, there
 *   would be no end
 * @param {() => void} reopen
 * @param {string} [action] that also reopens it
 * @returns {Carrier}
 */
function recovery(memory, reopen, action) {
  const again = memory[NAME];
  /** @type {boolean | undefined} */
  let over;
  return (what) => {
    if (over) return;
    if (!what) delete memory[NAME];
    else if (what == action) {
      over = true;
      reopen();
    } else if (what == WRONG) {
      over = true;
      if (again) tell("blocked");
      else
        ready().then(
          () => {
            memory[NAME] = 1;
            reopen();
          },
          // This says nothing about cookies. The next token asks again.
          () => (over = false),
        );
    }
  };
}

/**
 * Settles when this browser has its binding cookie. Await it before opening a stream: tokens minted
 * for a request without the cookie cannot be redeemed.
 * @returns {Promise<void>} rejects with an {@link ApplyCookiesError}; the next call then tries again
 */
export const ready = () =>
  // Tabs restored together must not each get a cookie that replaces the others'.
  (bound ??= inTurn(NAME + "-bind", () => post("/bind")).then(([error]) => {
    if (error) {
      bound = null;
      throw error;
    }
  }));

// Not in node, where an open channel keeps the process running, and not in a worker.
if (globalThis.document) {
  // Without storage, a reloaded page could not remember that it was reloaded: it is never reloaded.
  /** @type {Record<string, any>} */
  let tab = { [NAME]: 1 };
  try {
    tab = sessionStorage;
  } catch {}

  // The stream was the document itself.
  const element = recovery(tab, () => location.reload());

  const resume = () => {
    try {
      const text = tab[key()];
      delete tab[key()];
      JSON.parse(text).forEach((/** @type {[unknown]} */ item) => applyQuietly(...item));
    } catch {
      // There is nothing, or not what this module wrote.
    }
  };

  // Stored now, not when a token arrives. Frames share the storage of their tab, and would post the
  // tokens of the page around them; and a token should be readable by every script for no longer than
  // a navigation takes. A crash loses only what could not be posted before it.
  addEventListener("pagehide", () => {
    open.forEach((item) => {
      item.send();
      // If the page comes back, the visitor has moved on since.
      item[1] = null;
    });
    // Frames of this page may have stored theirs before.
    resume();
    if (open.size) tab[key()] = JSON.stringify([...open]);
  });

  // A page from the back/forward cache goes on by itself. The tokens it finds are its own, which it
  // knows, or those of the page that the visitor is leaving.
  addEventListener("pageshow", resume);

  if (!navigator.locks) console.warn(NAME + ": no Web Locks");

  // After the module that imports this one, which may set the endpoint.
  queueMicrotask(() => {
    try {
      channel = new BroadcastChannel(key());
      channel.onmessage = () => tell("elsewhere");
    } catch {
      // Storage is forbidden, or the browser is old.
    }

    // First: these tokens are older than any this page will get.
    resume();

    // Not twice if the page loads two copies.
    if (customElements.get(NAME)) return;
    customElements.define(
      NAME,
      class extends HTMLElement {
        static observedAttributes = ["token"];

        // A detached element waits until it is inserted.
        connectedCallback() {
          // Not a style: the page's Content-Security-Policy may forbid inline ones.
          this.hidden = true;
          const token = this.getAttribute("token");
          if (token && this.isConnected) {
            this.removeAttribute("token");
            applyQuietly(token, element);
          }
        }

        // A morph puts a new token into an old element.
        attributeChangedCallback() {
          this.connectedCallback();
        }
      },
    );
  });
}
