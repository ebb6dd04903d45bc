// The browser module of apply-cookies: a token that came through a stream goes back to the server in
// a POST of its own, because only an ordinary HTTP answer can set an HttpOnly cookie.
//
// It shares the page with everything else that runs or is written there. So it asks `document` for
// nothing by name (`<img name="dispatchEvent">` would answer), gives the browser no options that
// `Object.prototype` could add to, and sends the POST's body and media type as it makes them itself.

/** @typedef {import("./page.js").ProblemType} ProblemType */

/** The server's copy is made without this line, and gets the server's own number in front. */
const lifetime = 60000;

const NAME = "apply-cookies";

/** How many settled tokens are remembered: a page open for weeks must not grow. */
const MEMORY = 100;

/**
 * How many tokens are in line, and how many more may wait for a place in it. Of more than that, those
 * in the middle are dropped: an honest token before or after thousands of forged ones still has its
 * turn, since each of those few hundred is refused at once.
 */
const CROWD = 200;

/** The longest token (SPEC §2), which has nothing to encode. */
const LONGEST = 12288;

/** Longest time for one POST, for the wait for a turn, and for the turn itself, in milliseconds. */
const PATIENCE = 10_000;

/**
 * `endpoint` is where tokens are posted, without a trailing slash. The server serves this module as
 * `{prefix}/client.js`, so it knows its own prefix; a bundled copy falls back to the default. To
 * change it, do so right after the import.
 *
 * `lifetime` is how long a token can be redeemed, in milliseconds: the page cannot read it from the
 * token. The copy that the server serves has the server's number.
 */
export const settings = {
  endpoint: /^([^?#]+)\/client\.js(?![^?#])/.exec(import.meta.url)?.[1] ?? "/__" + NAME,
  lifetime,
};

/** Why the cookies of a token are not set. */
export class ApplyCookiesError extends Error {
  /**
   * @param {number} status the answer's HTTP status; 0 when there was none
   * @param {ProblemType} type
   * @param {unknown} [cause]
   */
  constructor(status, type, cause) {
    super(`${NAME}: ${type} (${status || cause || 0})`, { cause });
    this.name = "ApplyCookiesError";
    this.status = status;
    this.type = type;
  }
}

/** @typedef {[error: ApplyCookiesError | false, headers?: Headers]} Answer */

/**
 * What an object has itself: a page with a polluted `Object.prototype` gives every object more.
 * @param {object} object
 * @param {string} name
 */
const own = (object, name) => /** @type {any} */ ({ __proto__: null, ...object })[name];

/**
 * One POST to the endpoint, applied if the answer is 204. It never throws: an answer may come before
 * anyone waits for it.
 * @param {string} path
 * @param {boolean} keepalive
 * @param {string} [body]
 * @returns {Promise<Answer>}
 */
async function post(path, keepalive, body) {
  /** @type {ProblemType} */
  let type = "network";
  let cause;
  /** @type {Response | undefined} */
  let answer;
  try {
    /** @type {any} */
    let options = {
      method: "POST",
      // Not a URLSearchParams: polyfills of it, and wrappers of `fetch`, lose the media type.
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body,
      credentials: "same-origin",
      // A token must not leave this origin, wherever `settings`, a <base> or a redirect points to.
      mode: "same-origin",
      redirect: "manual",
      // A page with the policy `no-referrer` would otherwise send `Origin: null` in this mode, as the
      // Fetch standard has it, and be refused. This policy shows the origin and never the path.
      referrerPolicy: "strict-origin",
      keepalive,
      // A request that hangs must not hold up the others, nor the lock that all tabs wait for.
      // Browsers without this (Safari 15) wait as long as it takes.
      signal: AbortSignal.timeout?.(PATIENCE),
    };
    // Wrappers of `fetch` call what every object has, so the options have the usual prototype. A page
    // may have polluted it: whatever it has added is undefined here, as `cause` still is. (Of headers,
    // the browser takes only an object's own.)
    for (const name in options) options = { [name]: cause, ...options };
    answer = /** @type {Response} */ (await fetch(settings.endpoint + path, options));
    type = "unknown";
    // A redirect, whose status the browser hides. Asked again, it would be the same.
    if (!answer.status) throw answer.type;
    // Only names like the server's: a proxy in between may answer with its own problems, whose types
    // are URLs.
    type = own(await answer.json(), "type").match(/^[a-z-]+$/)[0];
  } catch (error) {
    cause = error;
  }
  // Not `ok`: a 200 from a catch-all route or a captive portal has set no cookies.
  return [answer?.status != 204 && new ApplyCookiesError(answer?.status ?? 0, type, cause), answer?.headers];
}

/**
 * Sends the page an event; returns false if the page prevents what comes next.
 * @param {string} step
 * @param {object} [detail] never the token: any script may listen
 */
const tell = (step, detail) =>
  !globalThis.document ||
  EventTarget.prototype.dispatchEvent.call(
    document,
    new CustomEvent(`${NAME}:${step}`, /** @type {any} */ ({ __proto__: null, detail, cancelable: true })),
  );

/**
 * Waits for earlier work, however it ends, but not for ever, and leaves no timer behind.
 * @param {Promise<unknown> | undefined} before
 */
const limit = (before, ms = PATIENCE) => {
  /** @type {any} */
  let timer;
  const stop = () => clearTimeout(timer);
  return Promise.race([before, new Promise((resolve) => (timer = setTimeout(resolve, ms)))]).then(stop, stop);
};

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
    // There are no locks.
  }
  // If the document has no storage, it was refused the lock; and what came of the work is seen here.
  return start();
};

/**
 * Posts again and again, until an answer is final or its time is over.
 * @param {Pick<Item, "sent" | "send">} item
 * @param {number} over
 * @returns {Promise<Answer>}
 */
async function ask(item, over) {
  const left = () => over - performance.now();
  /** @type {any} */
  let error, headers;
  for (let pause = 250; item.sent || left() > 0; pause *= 2) {
    // With 64 KiB in flight, a browser fails keepalive as it would without a network.
    [error, headers] = await item.send(error?.type != "network");
    // Also if there is no error, and so no status.
    if (!/^(0n|408|42[59]|5(?!0[15]))/.test(error && error.status + error.type)) return [error, headers];
    // Those after it too, if the page was left and came back: they were posted before this one will be,
    // and posting them again keeps the order.
    open.forEach((other) => (other.sent = null));
    // A number of seconds, a date (by the server's clock, if it says its time), or none.
    const after = /** @type {any} */ (headers?.get("retry-after"));
    const date = Date.parse(after) - (Date.parse(/** @type {any} */ (headers?.get("date"))) || Date.now());
    const least = Math.max(after * 1000 || date || 0, 0);
    const more = Math.max(100, Math.random() * Math.min(pause, 5000, left() - least));
    await new Promise((resolve) => setTimeout(resolve, Math.min(least + more, left())));
  }
  return [new ApplyCookiesError(0, "expired", error)];
}

/** The name of the lock, channel and storage that all pages of this endpoint share. */
const key = () => NAME + settings.endpoint;

/**
 * The source of a token. Called with nothing once the token is applied, with the type of its failure,
 * or with an action.
 * @typedef {(what?: string) => void} Carrier
 */

/**
 * What the next page needs to go on with a token. JSON makes the carrier null: the visitor has moved
 * on, so only the cookies are wanted. `r` is the redemption id, and `end` the time when the token has
 * certainly expired, in milliseconds since 1970.
 * @typedef {[token: string, carrier: Carrier | null, r: string, end: number]} Given
 */

/**
 * With the POST, how to make it, and how to give the token its place in line, or none.
 * @typedef {Given & {
 *   sent: Promise<Answer> | null,
 *   send: (keepalive: boolean) => Promise<Answer>,
 *   start: () => void,
 *   drop: () => void,
 * }} Item
 */

/** @type {Map<string, Promise<void>>} */
const known = new Map();

/** Those of them that are settled, oldest first. @type {string[]} */
const settled = [];

/** The tokens that have no answer yet, in order; the first of them are in line. @type {Set<Item>} */
const open = new Set();

/** @type {Promise<unknown> | undefined} */
let queue;

/** @type {Promise<void> | null | undefined} */
let bound;

/** @type {BroadcastChannel | undefined} */
let channel;

/** Settles when somebody sees the document, if nobody has yet. @type {Promise<unknown> | null} */
let unseen = null;

/** Gives free places in line to the tokens that are next. */
const admit = () => {
  if (!unseen) [...open].slice(0, CROWD).forEach((item) => item.start());
};

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
  r = crypto.getRandomValues(new Uint32Array(4)).join("-"),
  end = Infinity,
) {
  let applied = known.get(t);
  if (!applied) {
    /** @type {string | undefined} */
    let body;
    try {
      if (t && typeof t == "string" && encodeURIComponent(t).length <= LONGEST)
        body = `t=${encodeURIComponent(t)}&r=${encodeURIComponent(r)}`;
    } catch {
      // Half a character: whatever it is, it is not a token.
    }
    if (!body) return finish(/** @type {any} */ ([t, carrier]), [new ApplyCookiesError(0, "invalid")]);
    const left = Math.min(end - Date.now(), settings.lifetime);
    const item = /** @type {Item} */ ([t, carrier, r, left + Date.now()]);
    // By a clock that nobody can set. From page to page only the other clock works.
    const over = left + performance.now();
    // Its own: what it inherits is the page's.
    item.sent = null;
    // A call while a POST is in flight, or answered, gets the answer of that POST.
    item.send = (keepalive) => (item.sent ??= (tell("posted"), post("", keepalive, body)));
    open.add(item);
    applied = new Promise((resolve) => {
      item.drop = () => resolve(finish(item, [new ApplyCookiesError(0, "too-many")]));
      item.start = () => {
        item.start = () => {};
        const before = queue;
        const turn = inTurn(key(), async () => {
          // Ten seconds of a minute are reserved for it, whatever holds up the tokens before it.
          await limit(before, ((over - performance.now()) * 5) / 6);
          return finish(item, await ask(item, over));
        });
        // The queue itself never fails, so that a refused token does not hold up those after it. It
        // waits for all earlier ones, and keeps none of them.
        queue = turn.catch(() => {}).then(() => before);
        resolve(turn);
      };
    });
    known.set(t, applied);
    if (open.size > 2 * CROWD) /** @type {Item} */ ([...open][CROWD]).drop();
    admit();
  }
  return applied;
}

/**
 * Tells the page, and the source of the token, how it ended.
 * @param {Item} item
 * @param {Answer} answer
 */
async function finish(item, [error, headers]) {
  const [token, carrier] = item;
  if (open.delete(item) && settled.push(token) > MEMORY) known.delete(/** @type {string} */ (settled.shift()));
  admit();
  if (error) {
    const { status, type } = error;
    // The next stream needs this browser's current binding, and a server that is there.
    bound = null;
    // Something between page and server answers in its place.
    if (type == "unknown") console.warn(error.message);
    if (tell("failed", { status, type })) carrier?.(type);
    throw error;
  }
  tell("applied");
  channel?.postMessage(0);
  if (carrier) {
    carrier();
    // What the server asks for next. It does so in the answer, never in a frame.
    try {
      const [action, path] = /** @type {any} */ (headers).get(NAME + "-then").split(" ");
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
  // An EventSource delivers frames by name; a socket has one kind of message for everything, and a
  // `send` that is not everybody's.
  const { send } = /** @type {any} */ ({});
  const name = /** @type {any} */ (source).send == send ? NAME : "message";
  /** @param {Event} event */
  const hear = (event) => {
    try {
      const frame = JSON.parse(/** @type {MessageEvent} */ (event).data);
      if (name == NAME || own(frame, "type") === NAME) applyQuietly(own(frame, "token"), carrier);
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
export const listen = (source) => {
  if (typeof source != "function") return follow(source);
  /** @type {unknown} */
  let again;
  /** @type {Source | undefined} */
  let stream;
  const reopen = async () => {
    stream?.close();
    // A stream brings more than tokens, and its answer can set the binding too.
    await ready().catch(() => {});
    if (source) follow((stream = /** @type {() => Source} */ (source)()), recovery(again, (it) => (again = it), reopen, "reconnect"));
  };
  reopen();
  return () => {
    source = /** @type {any} */ (null);
    stream?.close();
  };
};

/**
 * Reopens what brought a token, for a new binding, once: if a token of the next opening is refused
 * for the same reason, cookies are blocked. Each opening follows its own tokens and reopens at most
 * once, so that tokens of an old opening still in the queue count neither for nor against the new one.
 * @param {unknown} again whether a token failed in the previous opening
 * @param {(failed: unknown) => void} remember for the next opening; a success clears it there, but not
 *   for its own: with one good and one foreign token in each, there would be no end
 * @param {() => void} reopen
 * @param {string} [action] that also reopens it; without one it is a document
 * @returns {Carrier}
 */
function recovery(again, remember, reopen, action) {
  /** @type {boolean | undefined} */
  let over;
  return (what) => {
    if (over) return;
    if (!what) remember(0);
    else if (what == action) {
      over = true;
      reopen();
    } else if (again) {
      if ((over = what == "wrong-browser")) tell("blocked");
    } else if (
      what == "wrong-browser" ||
      (what == "expired" &&
        !action &&
        // The document is not what the server has just made: it was prefetched or prerendered, or came
        // from a cache, and its tokens have aged since.
        performance
          .getEntriesByType("navigation")
          .some((/** @type {any} */ entry) => entry.deliveryType || entry.activationStart))
    ) {
      over = true;
      ready().then(
        () => {
          remember(1);
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
export const ready = () => (bound ??= bind());

async function bind() {
  await unseen;
  // Tabs restored together must not each get a cookie that replaces the others'.
  // One is never replaced, so it is safe to ask again after a lost answer.
  const [error] = await inTurn(NAME + "-bind", () =>
    ask({ sent: null, send: (keepalive) => post("/bind", keepalive) }, performance.now() + PATIENCE),
  );
  if (error) {
    bound = null;
    throw (error.type == "expired" && error.cause) || error;
  }
}

// Not in node, where an open channel keeps the process running, and not in a worker.
if (globalThis.document) {
  /** @type {Storage | undefined} */
  let tab;
  try {
    tab = sessionStorage;
  } catch {}

  // The stream was the document itself. Without storage, a reloaded page could not remember that it was
  // reloaded: it is never reloaded.
  const element = recovery(
    !tab || tab.getItem(NAME),
    (failed) => (failed ? tab?.setItem(NAME, /** @type {any} */ (failed)) : tab?.removeItem(NAME)),
    () => location.reload(),
  );

  const resume = () => {
    // A page from the back/forward cache goes on by itself. The tokens it finds are its own, which it
    // knows, or those of the page that the visitor is leaving.
    addEventListener("pageshow", resume);
    try {
      const text = /** @type {any} */ (tab).getItem(key());
      /** @type {any} */ (tab).removeItem(key());
      JSON.parse(text).forEach((/** @type {any[]} */ [token, , r, end]) => applyQuietly(token, null, r, end));
    } catch {
      // There is nothing, or not what this module wrote.
    }
  };

  // Stored now, not when a token arrives. Frames share the storage of their tab, and would post the
  // tokens of the page around them; and a token should be readable by every script for no longer than
  // a navigation takes. A crash loses only what could not be posted before it.
  const keep = () =>
    addEventListener("pagehide", () => {
      open.forEach((item) => {
        item.send(true);
        // If the page comes back, the visitor has moved on since.
        item[1] = null;
      });
      // Frames of this page may have stored theirs before.
      resume();
      // Value by value: `Array.prototype.toJSON` of an old library makes texts of lists.
      if (open.size) tab?.setItem(key(), `[${[...open].map((item) => `[${item.map((it) => JSON.stringify(it))}]`)}]`);
    });

  // A page that is prerendered may never be seen, and must do nothing to the visitor's cookies. If it
  // is seen, it goes on with what the page before it has left, then with its own. That page stores it up
  // to a tenth of a second later (measured), and gives up the lock after that; and Chromium shows a page
  // its storage as it was when first asked for it.
  if (Reflect.get(/** @type {object} */ (Reflect.getPrototypeOf(document)), "prerendering", document))
    unseen = new Promise((/** @type {(value?: unknown) => void} */ resolve) =>
      addEventListener(
        "prerenderingchange",
        () => {
          keep();
          // A binding need not wait until no tab has a token on its way.
          resolve();
          inTurn(key(), async () => {
            const own = [...open];
            open.clear();
            unseen = null;
            resume();
            own.forEach((item) => open.add(item));
            admit();
          });
        },
        // On its way to the document.
        true,
      ),
    );
  else keep();

  if (!navigator.locks) console.warn(NAME + ": no Web Locks");

  // After the module that imports this one, which may set the endpoint.
  queueMicrotask(() => {
    try {
      (channel = new BroadcastChannel(key())).onmessage = () => tell("elsewhere");
    } catch {
      // Storage is forbidden, or the browser is old.
    }

    // First: these tokens are older than any this page will get.
    if (!unseen) resume();

    // Not twice if the page loads two copies.
    if (customElements.get(NAME)) return;
    customElements.define(
      NAME,
      class extends HTMLElement {
        static observedAttributes = ["token"];

        // The browser refuses a class for which it finds anything else under these names, and it looks
        // as far as `Object.prototype`.
        /** @type {undefined} */
        static disabledFeatures;
        disconnectedCallback() {}
        adoptedCallback() {}
        connectedMoveCallback() {}

        // A detached element waits until it is inserted.
        connectedCallback() {
          // Not a style: the page's Content-Security-Policy may forbid inline ones.
          this.hidden = true;
          const token = this.getAttribute("token");
          if (this.isConnected) {
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
