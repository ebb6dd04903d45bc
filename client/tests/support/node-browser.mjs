// Browsers as far as the client module needs them, many in one process: the module and its `fetch` are
// the real ones; cookies, the page's address and its Origin are what a browser would add.

const browsers = new Map();

/** Node's own; what it does not know (`mode`, `credentials`, `keepalive`) is left out in `fetchAs`. */
const realFetch = globalThis.fetch;

globalThis.fetch = (url, init) => {
  // A module's endpoint says which browser it is in: they share all globals.
  const [, id, path] = /^\/(\d+)(\/.*)$/.exec(url) ?? [];
  return id ? browsers.get(id).fetch(path, init) : realFetch(url, init);
};

let copies = 0;

/**
 * A browser with one page of `origin`, and a copy of the module for it. With another browser's jar it
 * is a second tab, but without turns: newer versions of Node have locks, but no two endpoints here are
 * the same.
 */
export async function openBrowser(origin, lifetime, jar = new Map()) {
  const id = String(copies++);
  const browser = {
    jar,
    async fetch(path, { method = "GET", headers: own, body, signal, redirect } = {}) {
      const headers = { ...own, origin, "sec-fetch-site": "same-origin" };
      if (jar.size > 0) headers.cookie = [...jar].map((pair) => pair.join("=")).join("; ");
      const answer = await realFetch(origin + path, { method, body, signal, redirect, headers });
      for (const line of answer.headers.getSetCookie()) keep(jar, line);
      return answer;
    },
  };
  browsers.set(id, browser);
  browser.client = await import(`../../apply-cookies.js?copy=${id}`);
  Object.assign(browser.client.settings, { endpoint: `/${id}/__apply-cookies`, lifetime });
  return browser;
}

/** The tokens of a stream, by the names that they are minted under. */
export async function mint(browser, names) {
  const answer = await browser.fetch(`/mint?tokens=${names.join()}`);
  const stream = await answer.text();
  const found = [...stream.matchAll(/"token":"([^"]+)"\}\n\ndata: (.*)\n\n/g)];
  if (found.length !== names.length) throw new Error(`${answer.status}: ${stream}`);
  return found.map(([, token]) => token);
}

// Of the attributes only the one that deletes a cookie matters here.
function keep(jar, line) {
  const [, name, value, attributes] = /^([^=]*)=([^;]*)(.*)$/.exec(line);
  if (/; *max-age=0/i.test(attributes)) jar.delete(name);
  else jar.set(name, value);
}
