// The steps of one card, with their times, and a line that says how it went.

const STEPS = ["queued", "minted", "streamed", "posted", "applied"];

export class Timeline {
  #rows = new Map();
  #list;
  #outcome;
  #times = new Map();

  constructor(card) {
    this.#list = card.querySelector(".timeline");
    this.#outcome = card.querySelector(".outcome");
    for (const step of STEPS) this.#rows.set(step, this.#list.querySelector(`[data-step="${step}"]`));
  }

  /** A new run: nothing has happened yet. */
  start(text) {
    this.#times.clear();
    this.#list.dataset.state = "running";
    this.say(text);
    this.#show();
  }

  /** A step has happened. `at` is in milliseconds since 1970, and this machine has one clock. */
  mark(step, at = Date.now()) {
    this.#times.set(step, at);
    this.#show();
  }

  /** A step that the server reports. */
  told({ step, at, reason }) {
    if (step === "started") this.say("The headers have left. Checking…");
    if (step === "refused") this.fail(reason);
    if (this.#rows.has(step)) this.mark(step, at);
  }

  applied(text) {
    this.#list.dataset.state = "applied";
    this.say(`${text} after ${this.#since("applied")}.`);
  }

  fail(reason) {
    this.#list.dataset.state = "failed";
    this.say(reason);
  }

  say(text) {
    this.#outcome.textContent = text;
  }

  // All rows, because a socket's messages may overtake each other: a step is often known before the
  // step that times count from.
  #show() {
    let last = true;
    for (const [step, row] of this.#rows) {
      const seen = this.#times.has(step);
      row.dataset.seen = seen ? "yes" : last ? "next" : "no";
      row.querySelector("time").textContent = seen ? this.#since(step) : "";
      last = seen;
    }
  }

  #since(step) {
    const elapsed = this.#times.get(step) - this.#times.get("queued");
    if (step === "queued") return "0 ms";
    if (Number.isNaN(elapsed)) return "";
    if (elapsed < 0) return "clocks differ";
    return elapsed < 1 ? "< 1 ms" : `${elapsed} ms`;
  }
}
