import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { done, open, openDocument, refusal, serve, settled, Storage, unhandled } from "./page.mjs";

// As much of custom elements as the module uses. The browser tests use the real ones.

class Element {
  #attributes = new Map();
  isConnected = false;
  hidden = false;
  getAttribute = (name) => this.#attributes.get(name) ?? null;
  hasAttribute = (name) => this.#attributes.has(name);
  setAttribute(name, value) {
    this.#change(name, () => this.#attributes.set(name, value));
  }
  removeAttribute(name) {
    if (this.hasAttribute(name)) this.#change(name, () => this.#attributes.delete(name));
  }
  #change(name, act) {
    const before = this.getAttribute(name);
    act();
    if (this.constructor.observedAttributes?.includes(name)) {
      this.attributeChangedCallback(name, before, this.getAttribute(name));
    }
  }
}

const insert = (element) => {
  element.isConnected = true;
  element.connectedCallback();
};
const take = (element) => {
  element.isConnected = false;
};

let posts, create;

beforeEach(async () => {
  const defined = new Map();
  globalThis.HTMLElement = Element;
  globalThis.customElements = {
    get: (name) => defined.get(name),
    define(name, element) {
      if (defined.has(name)) throw new DOMException("already defined", "NotSupportedError");
      defined.set(name, element);
    },
  };
  posts = serve();
  openDocument();
  await open();
  create = (token) => {
    const element = new (customElements.get("apply-cookies"))();
    if (token !== undefined) element.setAttribute("token", token);
    return element;
  };
});

// What a test leaves in the queue would otherwise reach the server of the next one.
afterEach(settled);

const applied = async () => {
  await settled();
  return posts.map(({ token }) => token);
};

test("an element applies its token when it is inserted", async () => {
  insert(create("a"));
  assert.deepEqual(await applied(), ["a"]);
});

test("an element that is not inserted applies nothing", async () => {
  const element = create("a");
  assert.deepEqual(await applied(), []);
  assert.equal(element.getAttribute("token"), "a");
});

test("an inserted element applies a token that arrives later", async () => {
  const element = create();
  insert(element);
  assert.deepEqual(await applied(), []);
  element.setAttribute("token", "a");
  element.setAttribute("token", "b");
  assert.deepEqual(await applied(), ["a", "b"]);
});

test("an element drops its token once it is read", async () => {
  const inserted = create("a");
  insert(inserted);
  assert.equal(inserted.hasAttribute("token"), false);
  inserted.setAttribute("token", "b");
  assert.equal(inserted.hasAttribute("token"), false);
});

test("an element that is inserted again does nothing twice", async () => {
  const element = create("a");
  insert(element);
  take(element);
  insert(element);
  assert.deepEqual(await applied(), ["a"]);
});

test("a morph that puts the same token back does nothing twice", async () => {
  const element = create("a");
  insert(element);
  element.setAttribute("token", "a");
  insert(create("a"));
  assert.deepEqual(await applied(), ["a"]);
});

test("an element without a token, or with an empty one, posts nothing", async () => {
  insert(create());
  insert(create(""));
  assert.deepEqual(await applied(), []);
});

test("an element takes no place on the page, without a style", () => {
  const element = create("a");
  insert(element);
  assert.equal(element.hidden, true);
  assert.equal(element.style, undefined);
});

test("elements are applied in the order of the page", async () => {
  for (const token of ["a", "b", "c"]) insert(create(token));
  assert.deepEqual(await applied(), ["a", "b", "c"]);
});

test("a refused element is an event, not an unhandled rejection", async () => {
  serve(() => refusal(400, "invalid"));
  const seen = openDocument();
  const lost = await unhandled(() => insert(create("a")));
  assert.deepEqual(lost, []);
  assert.deepEqual(seen.at(-1), { step: "failed", detail: { status: 400, type: "invalid" } });
});

test("a page that loads the module twice has one definition", async () => {
  const first = customElements.get("apply-cookies");
  await open();
  assert.equal(customElements.get("apply-cookies"), first);
});

// The stream that brought an element is the document itself, so that is what is opened again.

const steps = (seen, ...wanted) => seen.map(({ step }) => step).filter((step) => wanted.includes(step));
const wrongBrowser = ({ request }) => (request.url.endsWith("/bind") ? done() : refusal(403, "wrong-browser"));

/** A document with elements of these tokens, loaded in the tab that there is. */
const load = async (answer, ...tokens) => {
  const seen = openDocument();
  customElements.define = (_, element) => (customElements.get = () => element);
  customElements.get = () => undefined;
  const made = serve(answer);
  await open();
  for (const token of tokens) {
    const element = new (customElements.get("apply-cookies"))();
    element.setAttribute("token", token);
    insert(element);
  }
  await settled();
  return { seen, binds: made.filter(({ request }) => request.url.endsWith("/bind")).length };
};

test("wrong browser: the document asks for a binding again and reloads, once for all its elements", async () => {
  globalThis.sessionStorage = new Storage();
  const { seen, binds } = await load(wrongBrowser, "a", "b", "c");
  assert.deepEqual(steps(seen, "failed", "reload", "blocked").toSorted(), ["failed", "failed", "failed", "reload"]);
  assert.equal(binds, 1);
});

test("wrong browser again in the reloaded document: it hears once that cookies are blocked", async () => {
  globalThis.sessionStorage = new Storage();
  await load(wrongBrowser, "a");
  for (let n = 0; n < 3; n++) {
    const { seen } = await load(wrongBrowser, "b", "c");
    assert.deepEqual(steps(seen, "reload", "blocked"), ["blocked"]);
  }
});

test("after a success, the next wrong browser counts as the first", async () => {
  globalThis.sessionStorage = new Storage();
  await load(wrongBrowser, "a");
  await load(() => done(), "b");
  const { seen } = await load(wrongBrowser, "c");
  assert.deepEqual(steps(seen, "reload", "blocked"), ["reload"]);
});

test("the page can prevent the reload, for example if it came by a POST", async () => {
  globalThis.sessionStorage = new Storage();
  const seen = openDocument();
  document.addEventListener("apply-cookies:failed", (event) => event.preventDefault());
  serve(wrongBrowser);
  insert(create("a"));
  await settled();
  assert.deepEqual(steps(seen, "reload", "blocked"), []);
});

test("without a new binding it does not reload", async () => {
  globalThis.sessionStorage = new Storage();
  const { seen } = await load(
    ({ request }) => (request.url.endsWith("/bind") ? refusal(403, "origin") : refusal(403, "wrong-browser")),
    "a",
  );
  assert.deepEqual(steps(seen, "reload", "blocked"), []);
});

test("a failed request for a binding does not count: the next page's wrong browser is the first", async () => {
  globalThis.sessionStorage = new Storage();
  await load(() => refusal(403, "wrong-browser"), "a");
  const { seen } = await load(wrongBrowser, "b");
  assert.deepEqual(steps(seen, "reload", "blocked"), ["reload"]);
});

for (const kinds of [["good", "foreign"], ["foreign", "good", "good", "good", "good"]]) {
  test(`a document that always has ${kinds.join(", ")} tokens is loaded again once`, async () => {
    globalThis.sessionStorage = new Storage();
    const answer = (post) => (post.token?.startsWith("good") ? done() : wrongBrowser(post));
    const pages = [];
    for (const page of ["first", "second"]) {
      const { seen } = await load(answer, ...kinds.map((kind, n) => `${kind}-${page}-${n}`));
      pages.push(steps(seen, "reload", "blocked"));
    }
    assert.deepEqual(pages, [["reload"], ["blocked"]]);
  });
}

test("where storage is forbidden it does not reload: it could not remember that it did", async (t) => {
  Object.defineProperty(globalThis, "sessionStorage", {
    configurable: true,
    get: () => {
      throw new DOMException("forbidden", "SecurityError");
    },
  });
  t.after(() => delete globalThis.sessionStorage);
  const { seen } = await load(wrongBrowser, "a", "b");
  assert.deepEqual(steps(seen, "reload", "blocked"), ["blocked"]);
});

test("an answer that says reconnect leaves an element alone", async () => {
  globalThis.sessionStorage = new Storage();
  const headers = { "apply-cookies-then": "reconnect" };
  const { seen } = await load(() => new Response(null, { status: 204, headers }), "a");
  assert.deepEqual(steps(seen, "then", "reload"), ["then"]);
});
