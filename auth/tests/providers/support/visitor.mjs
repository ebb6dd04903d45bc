// Somebody with a cookie jar, who sends requests exactly as they are written: twice the same parameter,
// HEAD, another's cookie. Each has a network address of their own on loopback, as throttles count by it.

import http from "node:http";

const LIMIT = 60_000;
const LARGEST = 1 << 20;
let visitors = 0;

/** What a browser sends when a person goes to an address, or comes back from another site. */
export const NAVIGATION = {
  accept: "text/html,application/xhtml+xml,*/*;q=0.8",
  "sec-fetch-mode": "navigate",
  "sec-fetch-dest": "document",
  "sec-fetch-site": "cross-site",
  "upgrade-insecure-requests": "1",
};

export class Visitor {
  cookies = []; // {name, value, host, path, lax}
  address = `127.1.${(++visitors >> 8) & 255}.${(visitors & 255) || 1}`;

  /** The same cookies in another's hands. */
  copy() {
    const copy = new Visitor();
    copy.cookies = structuredClone(this.cookies);
    return copy;
  }

  /** The field `Cookie` for an address; a POST from another site takes only cookies that ask for it. */
  cookieField(url, crossPost = false) {
    const { hostname, pathname } = new URL(url);
    const fit = ({ host, path, lax }) =>
      host === hostname && (pathname === path || pathname.startsWith(path.endsWith("/") ? path : `${path}/`)) && !(crossPost && lax);
    return this.cookies.filter(fit).map(({ name, value }) => `${name}=${value}`).join("; ");
  }

  /** Takes an answer's cookies. */
  keep(url, fields) {
    const host = new URL(url).hostname;
    for (const field of fields ?? []) {
      const [pair, ...attributes] = field.split(";").map((part) => part.trim());
      const at = pair.indexOf("=");
      const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
      const given = new Map(attributes.map((attribute) => {
        const [key, ...rest] = attribute.split("=");
        return [key.toLowerCase(), rest.join("=")];
      }));
      const directory = new URL(url).pathname.replace(/\/[^/]*$/, "") || "/";
      const path = given.get("path")?.startsWith("/") ? given.get("path") : directory;
      const gone = given.has("max-age") ? Number(given.get("max-age")) <= 0 : Date.parse(given.get("expires")) <= Date.now();
      this.cookies = this.cookies.filter((kept) => kept.name !== name || kept.path !== path || kept.host !== host);
      const sameSite = given.get("samesite")?.toLowerCase();
      if (!gone) this.cookies.push({ name, value, host, path, lax: sameSite !== "none" });
    }
  }

  /** One request; its answer's cookies are kept. Never follows. `cookie` in the headers replaces the jar's. */
  async send(url, { method = "GET", headers = {}, body, crossPost = false } = {}) {
    const cookie = headers.cookie ?? this.cookieField(url, crossPost);
    const sent = { ...headers };
    delete sent.cookie;
    if (cookie) sent.cookie = cookie;
    if (body !== undefined) sent["content-length"] = Buffer.byteLength(body);
    const answer = await request(url, { method, headers: sent, localAddress: this.address }, body);
    this.keep(url, answer.headers["set-cookie"]);
    return answer;
  }

  go(url, options = {}) {
    return this.send(url, { ...options, headers: { ...NAVIGATION, ...options.headers } });
  }
}

function request(url, options, body) {
  // `url` is taken apart by hand: `URL` would tidy up what an attack is about.
  const [, host, port, path] = /^http:\/\/([^/:]+):(\d+)(.*)$/.exec(url);
  const headers = { host: `${host}:${port}`, ...options.headers };
  // Apache answers some requests that it refuses twice, which Node's parser takes for an error.
  const settings = { ...options, insecureHTTPParser: true, agent: false, host: host === "localhost" ? "127.0.0.1" : host, port, path, headers };
  return new Promise((resolve, reject) => {
    const parts = [];
    const read = { url, status: 0, headers: {}, body: "" };
    const done = () => resolve({ ...read, body: Buffer.concat(parts).toString() });
    const sent = http.request(settings, (answer) => {
      Object.assign(read, { status: answer.statusCode, headers: answer.headers });
      let size = 0;
      answer.on("data", (part) => ((size += part.length) <= LARGEST ? parts.push(part) : answer.destroy()));
      answer.on("error", reject);
      answer.on("end", done);
    });
    sent.setTimeout(LIMIT, () => sent.destroy(new Error(`${path}: no answer in ${LIMIT} ms`)));
    sent.on("error", (error) => (error.code?.startsWith("HPE_") ? done() : reject(error)));
    sent.end(body);
  });
}

/** Where an answer leads, if it leads anywhere. */
export const leadsTo = (answer) => (answer.headers.location ? new URL(answer.headers.location, answer.url).href : undefined);
