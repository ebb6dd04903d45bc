// The module's surroundings, as far as it uses them: a server behind `fetch`, a document.

let copies = 0;

/** A fresh copy of the module: what a page has that was just opened. */
export const open = () => import(`../../apply-cookies.js?copy=${copies++}`);

/** A fresh copy, imported by a module that sets the endpoint first of all. */
export function openWith(endpoint) {
  const module = new URL(`../../apply-cookies.js?copy=${copies++}`, import.meta.url);
  const app = `export * from "${module}"; import { settings } from "${module}"; settings.endpoint = "${endpoint}";`;
  return import("data:text/javascript," + encodeURIComponent(app));
}

export const done = () => new Response(null, { status: 204 });

export const refusal = (status, type) =>
  new Response(JSON.stringify({ type, status }), {
    status,
    headers: { "content-type": "application/problem+json" },
  });

/**
 * Answers every POST with what `answer` gives for it; returns the list of the posts.
 * A real Request is made of each, so that what no browser would send is an error here too.
 */
export function serve(answer = done) {
  const posts = [];
  globalThis.fetch = async (url, init) => {
    const request = new Request(new URL(url, "https://app.example"), init);
    const post = { request, init, form: new URLSearchParams(init.body) };
    post.token = post.form.get("t");
    posts.push(post);
    return answer(post);
  };
  return posts;
}

/** A server that answers when the test says so: `next()` answers the oldest open POST. */
export function serveByHand() {
  const open = [];
  const posts = serve(() => new Promise((resolve) => open.push(resolve)));
  const next = async (answer = done()) => {
    open.shift()(answer);
    await settled();
  };
  return { posts, open, next };
}

// Also where a test has put its own clock in place of this one.
const { setTimeout } = globalThis;

// A page ends although a timer runs; the process of the tests must not wait for the module's longest.
globalThis.setTimeout = (act, ms, ...given) => {
  const timer = setTimeout(act, ms, ...given);
  return ms >= 10_000 ? timer.unref() : timer;
};

/** Until everything has happened that does not wait for an answer. */
export const settled = () => new Promise((resolve) => setTimeout(resolve));

/**
 * A clock that stands still until the test advances it; everything that needs no timer still runs.
 * `setDate` sets the machine's clock: no timer follows it.
 */
export function stopClock(t) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let passed = 0;
  let start = Date.UTC(2026, 0, 1);
  t.mock.method(performance, "now", () => passed);
  t.mock.method(Date, "now", () => start + passed);
  const step = async (ms) => {
    await settled();
    passed += ms;
    t.mock.timers.tick(ms);
    await settled();
  };
  const go = async (ms) => {
    // Pauses of no length are over before, and after.
    await step(0);
    await step(ms);
    await step(0);
  };
  go.setDate = (by) => (start += by);
  return go;
}

const STEPS = ["posted", "applied", "failed", "then", "blocked", "elsewhere"];

class Document extends EventTarget {
  #unseen;
  constructor(unseen) {
    super();
    this.#unseen = unseen;
  }
  get prerendering() {
    return this.#unseen;
  }
}

/**
 * A document in a window, as far as the module touches them; returns the list of the events that it
 * sees. Called again, it is the next document of the same tab.
 */
export function openDocument({ prerendering = false } = {}) {
  const seen = [];
  globalThis.document = new Document(prerendering);
  for (const step of STEPS) {
    document.addEventListener(`apply-cookies:${step}`, ({ detail }) => seen.push({ step, detail }));
  }
  const window = new EventTarget();
  globalThis.addEventListener = window.addEventListener.bind(window);
  globalThis.leave = () => window.dispatchEvent(new Event("pagehide"));
  globalThis.show = () => window.dispatchEvent(new Event("prerenderingchange"));
  globalThis.comeBack = () => window.dispatchEvent(new Event("pageshow"));
  if (!("sessionStorage" in globalThis)) globalThis.sessionStorage = new Storage();
  globalThis.customElements ??= { get: () => class {} };
  globalThis.BroadcastChannel = Channel;
  Channel.all.clear();
  globalThis.location = {
    href: "https://app.example/shop/cart",
    origin: "https://app.example",
    // The module gives it to `new URL`.
    toString: () => "https://app.example/shop/cart",
    reload: () => seen.push({ step: "reload" }),
    assign: (to) => seen.push({ step: "assign", to: String(to) }),
  };
  // Only the tests of locks need real ones; elsewhere there is one tab, which always has its turn.
  if (!globalThis.navigator?.locks) setLocks({ request: async (_, act) => act() });
  return seen;
}

/** Newer versions of node have a navigator of their own. */
export const setLocks = (locks) =>
  Object.defineProperty(globalThis, "navigator", { value: { locks }, configurable: true, writable: true });

/** Keeps texts, as the browser's does. */
export class Storage {
  getItem(name) {
    return Object.hasOwn(this, name) ? this[name] : null;
  }
  setItem(name, value) {
    this[name] = String(value);
  }
  removeItem(name) {
    delete this[name];
  }
}

/** The browser's channels: what one says, all others of its name hear. */
class Channel {
  static all = new Set();
  constructor(name) {
    this.name = name;
    Channel.all.add(this);
  }
  postMessage(data) {
    for (const other of Channel.all) {
      if (other != this && other.name == this.name) queueMicrotask(() => other.onmessage?.({ data }));
    }
  }
}

/** Runs `act` and returns the rejections that nobody handled. */
export async function unhandled(act) {
  const lost = [];
  const others = process.rawListeners("unhandledRejection");
  // The test runner listens as well and would end the test before it can say what it expected.
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", (reason) => lost.push(reason));
  try {
    await act();
    await settled();
  } finally {
    process.removeAllListeners("unhandledRejection");
    for (const other of others) process.on("unhandledRejection", other);
  }
  return lost;
}
