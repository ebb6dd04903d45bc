// A setting, changed over a WebSocket that stays open.

import { listen } from "/__apply-cookies/client.js";
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
  #stop;
  /** The change that is under way: what to send, and how to settle it. */
  #change;

  constructor(timeline) {
    this.#timeline = timeline;
  }

  /** Sends a choice; settles when its cookie is applied. */
  async keep(accent) {
    this.#timeline.start("Sending your choice…");
    try {
      await new Promise((resolve, reject) => {
        this.#change = { accent, resolve, reject };
        if (this.#socket?.readyState === WebSocket.OPEN) {
          this.#socket.send(accent);
        } else {
          this.#stop?.();
          // Opened once this browser has its binding, and again if that was lost.
          this.#stop = listen(() => this.#open());
        }
      });
    } catch (error) {
      this.#stop();
      this.#socket = undefined;
      throw error;
    } finally {
      this.#change = undefined;
    }
  }

  #open() {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/demo/accent`);
    this.#socket = socket;
    socket.addEventListener("open", () => this.#change && socket.send(this.#change.accent));
    // Before the module's own listener, which posts the token.
    socket.addEventListener("message", ({ data }) => this.#hear(JSON.parse(data)));
    socket.addEventListener("close", () => {
      if (this.#socket === socket) this.#change?.reject(new Error("The socket was closed."));
    });
    return socket;
  }

  #hear(message) {
    const { resolve, reject } = this.#change ?? {};
    if (message.type === "apply-cookies") {
      redemption(this.#timeline, message.token).then(resolve, reject);
    } else {
      this.#timeline.told(message);
      if (message.step === "refused") reject?.(new Error(message.reason));
    }
  }
}
