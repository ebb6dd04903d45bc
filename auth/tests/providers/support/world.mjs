// One target, its two providers, and the people in an attack.

import { startHostile } from "../hostile/provider.mjs";
import { Visitor, leadsTo } from "./visitor.mjs";

let accounts = 0;
const SECRETS = { one: "secret-of-provider-one", two: "secret-of-provider-two" };

/** Starts the providers, then the target. `before` may change a provider's documents before the target sees them. */
export async function startWorld(target, { before, ...needs } = {}) {
  const [one, two] = await Promise.all(["one", "two"].map((name) => startHostile({ name, clientId: `app-${name}`, clientSecret: SECRETS[name] })));
  before?.(one);
  let app;
  try {
    app = await target.start({ one, two }, needs);
  } catch (error) {
    await Promise.all([one.stop(), two.stop()]);
    throw error;
  }
  return new World(target, app, one, two);
}

class World {
  constructor(target, app, one, two) {
    Object.assign(this, { target, app, one, two });
    this.providers = { one, two };
    this.#people();
  }

  /** New people, and good providers. */
  reset() {
    for (const provider of [this.one, this.two]) {
      Object.assign(provider, { change: {}, ahead: 0, asked: [], tokens: [] });
      provider.exchanges.clear();
    }
    this.#people();
    this.app.clock?.(0);
  }

  #people() {
    // Somebody new: an account may not sign in as often as the attacks do together.
    this.account = `alice-${(accounts += 1)}`;
    this.victim = new Visitor();
    this.attacker = new Visitor();
    this.shown = undefined;
  }

  async stop() {
    await this.app.stop();
    await Promise.all([this.one.stop(), this.two.stop()]);
  }

  /** From the app to the provider, and up to the address of the callback, which nobody has followed yet. */
  async begin(visitor = this.victim, name = "one", { to, account = visitor === this.attacker ? "mallory" : this.account, headers } = {}) {
    const provider = this.providers[name];
    const before = new Set(visitor.cookies.map(({ name, value }) => `${name}=${value}`));
    let address = this.app.signIn(name, to);
    for (let hops = 0; address && new URL(address).origin !== provider.issuer; hops += 1) {
      if (hops === 5) throw new Error(`the sign-in goes round: ${address}`);
      this.shown = await visitor.go(address, { headers: { "sec-fetch-site": "same-origin", ...headers } });
      address = leadsTo(this.shown);
    }
    if (!address) throw Object.assign(new Error(`${this.target.name}: the sign-in does not lead to the provider: ${this.said()}`), { refused: true });
    const attempt = visitor.cookies.filter(({ name, value }) => !before.has(`${name}=${value}`));
    return { ...(await this.ask(address, provider, account)), authorize: address, attempt };
  }

  /** The provider's answer to a request that the app has made. */
  async ask(authorize, provider = this.one, account = this.account) {
    provider.account = account;
    const callback = leadsTo(await new Visitor().send(authorize));
    return { callback, ask: provider.asked.at(-1) };
  }

  /** Follows a callback as a browser does, within the app: `shown` is where that ends. */
  async deliver(url, visitor = this.victim, options = {}) {
    const first = await visitor.go(url, options);
    this.shown = first;
    for (let hops = 0; hops < 5; hops += 1) {
      const next = leadsTo(this.shown);
      if (!next) break;
      if (!next.startsWith(this.app.origin)) {
        this.shown = { ...this.shown, elsewhere: next };
        break;
      }
      this.shown = await visitor.go(next);
    }
    return first;
  }

  /** A whole sign-in, as of an honest person. */
  async signIn(visitor = this.victim, name = "one", options) {
    const attempt = await this.begin(visitor, name, options);
    await this.deliver(attempt.callback, visitor);
    return attempt;
  }

  who(visitor = this.victim) {
    return this.app.who(visitor);
  }

  /** Later, for everybody but the browser. */
  later(seconds) {
    this.app.clock(seconds);
    for (const provider of [this.one, this.two]) provider.ahead = seconds;
  }

  /** How often a provider was asked for a code. */
  exchanges(ask) {
    return (this.one.exchanges.get(ask.code) ?? 0) + (this.two.exchanges.get(ask.code) ?? 0);
  }

  /** What the person saw in the end. */
  said() {
    const { shown } = this;
    if (!shown) return "";
    const { elsewhere } = shown;
    if (elsewhere) return Object.values(this.providers).some(({ issuer }) => elsewhere.startsWith(issuer)) ? "begins anew" : `leads to ${elsewhere}`;
    return this.app.read?.(shown) ?? `${shown.status}`;
  }
}

/** A sign-in with nothing changed. */
export async function control(world) {
  world.reset();
  await world.signIn();
  const who = await world.who();
  if (who !== world.account) throw new Error(`${world.target.name}: a sign-in with nothing changed ends with ${who} (${world.said()})\n${world.app.said().slice(-3000)}`);
  world.reset();
}
