// A stream of server-sent events that answers a POST, so that a password is in no address. To the
// client module it is an EventSource.

export class PostedStream extends EventTarget {
  #closed = new AbortController();

  constructor(path, fields = {}) {
    super();
    // Whoever closes it expects no error; an end that nobody has asked for is one.
    const over = () => this.#closed.signal.aborted || this.dispatchEvent(new Event("error"));
    this.#read(path, new URLSearchParams(fields)).then(over, over);
  }

  close() {
    this.#closed.abort();
  }

  async #read(path, body) {
    const answer = await fetch(path, { method: "POST", body, signal: this.#closed.signal });
    if (!answer.ok) throw new Error(`${answer.status}`);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (let part; !(part = await reader.read()).done; ) {
      const events = (text + part.value).split("\n\n");
      text = events.pop();
      for (const event of events) this.#tell(event);
    }
  }

  #tell(event) {
    const field = (name) => event.match(new RegExp(`^${name}: ?(.*)$`, "m"))?.[1];
    const data = field("data");
    if (data !== undefined) this.dispatchEvent(new MessageEvent(field("event") ?? "message", { data }));
  }
}
