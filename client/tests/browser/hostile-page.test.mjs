// Pages whose scripts or markup are in the way: old libraries, wrappers, element names, prototypes.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, newVisitor, PATIENCE } from "./support/browser.mjs";
import { startScripted, withModule } from "./support/scripted.mjs";
import { LIMIT } from "./support/stage.mjs";
import { within } from "./support/within.mjs";

let browser, context, server;
before(async () => {
  browser = await launch();
  context = await newVisitor(browser);
  server = await startScripted();
}, LIMIT);
after(async () => {
  await browser?.close();
  await server?.stop();
}, LIMIT);

/** Each way that a token can take, after what the page does. */
const WAYS = `
  <script>
    var seen = [];
    for (const step of ["posted", "applied", "failed"])
      EventTarget.prototype.addEventListener.call(document, "apply-cookies:" + step, (e) => seen.push(e.detail ? step + " " + e.detail.type : step));
  </script>
  <apply-cookies token="element"></apply-cookies>
  <script type="module">
    import { applyCookies, listen, ready } from "/__apply-cookies/client.js";
    class Stream extends EventTarget {}
    const stream = new Stream();
    listen(stream);
    stream.dispatchEvent(new MessageEvent("apply-cookies", { data: '{"token":"stream"}' }));
    const socket = new (class extends Stream { send() {} })();
    listen(socket);
    socket.dispatchEvent(new MessageEvent("message", { data: '{"type":"apply-cookies","token":"socket"}' }));
    socket.dispatchEvent(new MessageEvent("message", { data: '{"the app":"has its own"}' }));
    window.over = ready().then(() => applyCookies("hand")).then(() => "applied", (e) => String(e));
  </script>`;

/** Opens a page that begins with this; everything must work on it. */
async function worksAfter(hostile) {
  server.pages["/"] = () => withModule(WAYS, hostile);
  server.posts.length = 0;
  const page = await context.newPage();
  try {
    await page.goto(server.url);
    await page.waitForFunction("window.over");
    assert.equal(await within(PATIENCE, "the last token", page.evaluate("window.over")), "applied");
    assert.deepEqual(server.tokens().toSorted(), ["element", "hand", "socket", "stream"]);
    for (const { headers, path } of server.posts) {
      assert.equal(headers["content-type"], "application/x-www-form-urlencoded", path);
      assert.equal(headers["sec-fetch-mode"], "same-origin");
    }
    assert.deepEqual(await page.evaluate("seen"), Array(4).fill(["posted", "applied"]).flat());
  } finally {
    await page.close();
  }
}

const script = (text) => `<script>${text}</script>`;

test("a page that is in nobody's way", LIMIT, () => worksAfter(""));

const WRAPPERS = {
  "URLSearchParams is a polyfill": `window.URLSearchParams = class { constructor(o) { this.o = o } toString() { return Object.entries(this.o).map((p) => p.join("=")).join("&") } }`,
  "fetch copies its options": `const real = fetch; window.fetch = (u, o) => real(u, Object.assign({}, o))`,
  "fetch makes the body a string": `const real = fetch; window.fetch = (u, o) => real(u, { ...o, body: o.body && String(o.body) })`,
  "fetch makes a Request first": `const real = fetch; window.fetch = (u, o) => real(new Request(u, o))`,
  "fetch adds a media type where there is none": `const real = fetch; window.fetch = (u, o) => { const headers = { ...o.headers }; headers["Content-Type"] ??= "application/json"; return real(u, { ...o, headers }) }`,
  "fetch adds a field": `const real = fetch; window.fetch = (u, o) => { const headers = new Headers(o.headers); headers.set("x-csrf", "1"); return real(u, { ...o, headers }) }`,
  "fetch asks its options for a field": `const real = fetch; window.fetch = (u, o) => o.hasOwnProperty("method") && real(u, o)`,
  "fetch asks the headers for a field": `const real = fetch; window.fetch = (u, o) => o.headers.hasOwnProperty("Content-Type") && real(u, o)`,
  "fetch writes its options down": `const real = fetch; window.fetch = (u, o) => ("" + o + o.headers).length && real(u, o)`,
  "fetch wants headers that are an object": `const real = fetch; window.fetch = (u, o) => { if (!(o.headers instanceof Object)) throw new TypeError("headers"); return real(u, o) }`,
  "fetch wants options that are plain": `const real = fetch; window.fetch = (u, o) => { if (o.constructor !== Object || o.headers.constructor !== Object) throw new TypeError("options"); return real(u, o) }`,
  "Promise is a polyfill of its first edition": `const real = Promise; window.Promise = class P {
    constructor(run) { this.real = new real(run) }
    then(...on) { return new P((resolve) => resolve(this.real.then(...on))) }
    catch(on) { return this.then(null, on) }
    static race(all) { return new P((...on) => all.forEach((it) => real.resolve(it).then(...on))) }
  }`,
  "URLSearchParams, FormData, Headers and Blob are gone": `for (const it of ["URLSearchParams", "FormData", "Headers", "Blob"]) delete window[it]`,
};
for (const [what, text] of Object.entries(WRAPPERS)) {
  test(`a page where ${what}`, LIMIT, () => worksAfter(script(text)));
}

// Named elements are found on `document` before its own methods, and on `window` after them.
const NAMES = `dispatchEvent addEventListener removeEventListener prerendering onprerenderingchange constructor
  location defaultView hidden visibilityState fetch navigator performance sessionStorage customElements crypto
  EventTarget CustomEvent Reflect document AbortSignal BroadcastChannel lifetime settings token`.split(/\s+/);
const TAGS = {
  img: (name) => `<img name="${name}" id="${name}">`,
  form: (name) => `<form name="${name}" id="${name}"></form>`,
  iframe: (name) => `<iframe name="${name}" id="${name}"></iframe>`,
  object: (name) => `<object name="${name}" id="${name}"></object>`,
  embed: (name) => `<embed name="${name}" id="${name}">`,
};
for (const [tag, element] of Object.entries(TAGS)) {
  test(`a page with ${tag} elements that are named like what the module uses`, LIMIT, async () => {
    await worksAfter(NAMES.map(element).join(""));
    await worksAfter(element("dispatchEvent"));
  });
}

const POLLUTIONS = {
  credentials: '"omit"',
  headers: '{ "x-more": "1" }',
  integrity: '"sha256-AAAA"',
  cache: '"only-if-cached"',
  mode: '"no-cors"',
  redirect: '"error"',
  referrer: '"https://elsewhere.example/"',
  referrerPolicy: '"no-referrer"',
  signal: "AbortSignal.abort()",
  window: '"any"',
  method: '"GET"',
  body: '"t=another"',
  keepalive: "true",
  priority: '"none"',
  duplex: '"none"',
  detail: '"polluted"',
  bubbles: "true",
  cancelable: "false",
  send: "() => {}",
  type: '"apply-cookies"',
  token: '"polluted"',
  status: "0",
  cause: "1",
  sent: "1",
  value: '"polluted"',
  attributionReporting: "1",
  privateToken: "1",
  targetAddressSpace: '"polluted"',
  disabledFeatures: "1",
  formAssociated: "1",
  disconnectedCallback: "1",
  adoptedCallback: "1",
  connectedMoveCallback: "1",
  "apply-cookies": "1",
  'apply-cookies" + location.origin + "/__apply-cookies': `'[["stored",null,"AAAAAAAAAAAAAAAAAAAAAA",9e15]]'`,
};
for (const [name, value] of Object.entries(POLLUTIONS)) {
  test(`a page whose Object.prototype has ${name}`, LIMIT, () => worksAfter(script(`Object.prototype["${name}"] = ${value}`)));
}
test("a page whose Object.prototype has all of these", LIMIT, () =>
  worksAfter(script(Object.entries(POLLUTIONS).map(([name, value]) => `Object.prototype["${name}"] = ${value};`).join(""))));

test("a page where what is no error looks like one without an answer", LIMIT, () =>
  worksAfter(script(`Object.prototype.status = 0; Object.prototype.type = "network"`)));

for (const owner of ["Array", "Object"]) {
  for (const value of ["1", "true", "{}", "Promise.resolve([false])", "() => {}"]) {
    test(`a page whose ${owner}.prototype has sent = ${value}`, LIMIT, () =>
      worksAfter(script(`${owner}.prototype.sent = ${value}`)));
  }
}

test("what is no token is invalid, and is not posted", LIMIT, async (t) => {
  const values = ["undefined", "null", "{}", "[]", "5", "0", "true", '""', "() => {}", "Symbol()", "new String('a')"];
  server.pages["/"] = () => withModule(`<script type="module">
    import { applyCookies } from "/__apply-cookies/client.js";
    window.over = Promise.all([${values}].map((it) => applyCookies(it).then(() => "applied", (e) => e.status + e.type)));
  </script>`);
  server.posts.length = 0;
  const page = await context.newPage();
  t.after(() => page.close());
  await page.goto(server.url);
  await page.waitForFunction("window.over");
  assert.deepEqual(await page.evaluate("window.over"), values.map(() => "0invalid"));
  assert.deepEqual(server.tokens(), []);
});

for (const owner of ["Array", "String", "Object", "Number", "Function"]) {
  test(`what is under way on a page with ${owner}.prototype.toJSON is posted by the next page`, LIMIT, async (t) => {
    // What was posted as the first page was left has come before the next one says that it is there.
    let before = Infinity;
    const own = await startScripted({
      pages: {
        "/": () => withModule(
          `<script type="module">
            import { applyCookies } from "/__apply-cookies/client.js";
            for (const token of ["a", 'b",[', "c"]) applyCookies(token).catch(() => {});
            setTimeout(() => (location.href = "/next"), 300);
          </script>`,
          script(`${owner}.prototype.toJSON = function () { return "<" + this + ">" }`),
        ),
        "/next": () => withModule("", script('with (new XMLHttpRequest()) { open("POST", "/here", false); send() }')),
      },
      answer: ({ path }) => {
        if (path === "/here") before = own.tokens().length;
        return before === Infinity ? 503 : 204;
      },
    });
    t.after(own.stop);
    const page = await context.newPage();
    t.after(() => page.close());
    await page.goto(own.url);
    await page.waitForURL("**/next");
    // On a busy machine some of the first page's POSTs come later; they are applied like these.
    const since = () => own.tokens().slice(before);
    for (let n = 0; n < 100 && since().length < 3; n++) await page.waitForTimeout(50);
    assert.deepEqual(since().slice(-3), ["a", 'b",[', "c"]);
    const forms = own.posts.filter(({ token }) => token).map(({ text }) => text);
    assert.equal(new Set(forms).size, 3, "with the same redemption ids");
    assert.deepEqual(await page.evaluate(() => Object.keys(sessionStorage)), []);
  });
}
