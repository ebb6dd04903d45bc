// A browser of a few lines, over real sockets: one origin, one jar, event streams and sockets. Its
// tokens it posts to the endpoint of that origin, as the module does.

import { randomBytes } from "node:crypto";

import WebSocket from "ws";

export class Visitor {
  jar = new Map();
  /** Every `Set-Cookie` line, in order. */
  lines = [];

  /** @param {string} origin */
  constructor(origin) {
    this.origin = origin;
  }

  get cookie() {
    return [...this.jar].map((pair) => pair.join("=")).join("; ");
  }

  #keep(lines) {
    for (const line of lines) {
      this.lines.push(line);
      const [, name, value, attributes] = /^([^=]*)=([^;]*)(.*)$/.exec(line);
      if (/; *max-age=0/i.test(attributes)) this.jar.delete(name);
      else this.jar.set(name, value);
    }
  }

  /** As a page's script asks. */
  async fetch(path, { headers, ...init } = {}) {
    const own = { "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" };
    if (this.jar.size > 0) own.cookie = this.cookie;
    const answer = await fetch(this.origin + path, { ...init, headers: { ...own, ...headers } });
    this.#keep(answer.headers.getSetCookie());
    return answer;
  }

  post(path, body) {
    return this.fetch(path, { method: "POST", body, headers: { origin: this.origin, "content-type": "application/x-www-form-urlencoded" } });
  }

  bind() {
    return this.post("/__apply-cookies/bind");
  }

  redeem(token) {
    return this.post("/__apply-cookies", new URLSearchParams({ t: token, r: randomBytes(16).toString("base64url") }));
  }

  /** Reads a stream to its end; the events, and tokens where they stand. With `redeem`, posts them as they come. */
  async events(path, { redeem = true, headers } = {}) {
    const answer = await this.fetch(path, { headers });
    const events = [];
    let rest = "";
    for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + text).split("\n\n");
      rest = parts.pop();
      for (const part of parts) {
        const token = /^event: apply-cookies\ndata: \{"token":"([^"]+)"\}$/.exec(part)?.[1];
        events.push(token ? { token } : part);
        if (token && redeem) (await this.redeem(token)).status;
      }
    }
    if (rest) events.push(rest);
    return { status: answer.status, headers: answer.headers, events };
  }

  /** A socket: `next` gives the next message, tokens as `{ token }`. */
  async socket(path) {
    const headers = { cookie: this.cookie };
    const socket = new WebSocket(this.origin.replace("http", "ws") + path, { origin: this.origin, headers });
    const messages = [];
    let wanted = null;
    socket.on("message", (data, isBinary) => {
      const text = isBinary ? data : String(data);
      const token = !isBinary && /^\{"type":"apply-cookies","token":"([^"]+)"\}$/.exec(text)?.[1];
      messages.push(token ? { token } : text);
      wanted?.();
    });
    socket.on("upgrade", (response) => this.#keep(response.headers["set-cookie"] ?? []));
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    const next = async () => {
      while (messages.length === 0) await new Promise((resolve) => (wanted = resolve));
      return messages.shift();
    };
    return { next, send: (message) => socket.send(message), close: () => socket.close() };
  }
}
