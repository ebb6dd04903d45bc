// A setting, changed over a WebSocket that stays open.

import { listen, ready } from "/__apply-cookies/client.js";
import { redemption } from "./redemptions.js";
import { Timeline } from "./timeline.js";
import { paint, refresh } from "./whoami.js";

export function keepAccent(card) {
  const timeline = new Timeline(card);
  const channel = new Channel(timeline);
  let last = Promise.resolve();
  let wanted;
  card.querySelector("form").addEventListener("change", ({ target }) => {
    wanted = target.value;
    paint(wanted);
    last = last.then(async () => {
      // A visitor who tries all the colours in a second wants the last one.
      if (wanted === undefined) return;
      const accent = wanted;
      wanted = undefined;
      try {
        await channel.keep(accent);
        if (wanted === undefined) await refresh();
        timeline.applied(`Kept ${accent}`);
      } catch (error) {
        timeline.fail(error.message);
      }
    });
  });
}

/** The socket, opened for the first change and reopened after it has closed. */
class Channel {
  #timeline;
  #socket;
  /** Settles the change that is under way. */
  #settle;

  constructor(timeline) {
    this.#timeline = timeline;
  }

  /** Sends a choice; settles when its cookie is applied. */
  async keep(accent) {
    this.#timeline.start("Sending your choice…");
    const socket = await this.#open();
    await new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      socket.send(accent);
    });
  }

  async #open() {
    if (this.#socket?.readyState === WebSocket.OPEN) return this.#socket;
    await ready();
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/demo/accent`);
    this.#socket = socket;
    // Before `listen`, which posts the token as soon as its own listener returns.
    socket.addEventListener("message", ({ data }) => this.#hear(JSON.parse(data)));
    listen(socket);
    socket.addEventListener("close", () => this.#settle?.reject(new Error("The socket was closed.")));
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("close", () => reject(new Error("The socket could not be opened.")));
    });
    return socket;
  }

  #hear(message) {
    const { resolve, reject } = this.#settle ?? {};
    if (message.type === "apply-cookies") {
      redemption(this.#timeline, message.token).then(resolve, reject);
    } else {
      this.#timeline.told(message);
      if (message.step === "refused") reject?.(new Error(message.reason));
    }
  }
}
