// The part of Playwright's `Page` that tests for every engine use, made of what any engine can do: a
// tab is `{ goto, reload, address, run, close }`, where `run` evaluates an expression in the page, waits for
// its promise, and returns its value as JSON. Chromium's pages are Playwright's own. A test that uses
// more than this fails with a TypeError, and belongs to Chromium alone.

import { setTimeout as pause } from "node:timers/promises";

/** Asks again until the answer is not undefined. A page that is just being left fails meanwhile. */
async function until(patience, what, ask) {
  for (const end = Date.now() + patience; ; await pause(50)) {
    let cause;
    try {
      const found = await ask();
      if (found !== undefined) return found;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > end) throw new Error(`${what} did not come within ${patience} ms`, { cause });
  }
}

const call = (run, ...args) => `(${run})(${args.map((arg) => JSON.stringify(arg) ?? "undefined").join()})`;

export class Page {
  constructor(tab, patience) {
    this.tab = tab;
    this.patience = patience;
  }

  goto = (address) => this.tab.goto(address);
  reload = () => this.tab.reload();
  close = () => this.tab.close();
  evaluate = async (run, arg) => parse(await this.tab.run(call(run, arg)));

  waitForFunction = (run, arg) =>
    until(this.patience, `${run}`, async () => (await this.evaluate(run, arg)) || undefined);

  waitForURL = (address) =>
    until(this.patience, address, async () => (await this.tab.address()) === address || undefined);

  locator = (selector, { hasText } = {}) => new Locator(this, { selector, text: hasText });
  getByText = (text, { exact } = {}) => new Locator(this, { selector: "*", text, exact });
  getByLabel = (text, { exact } = {}) => new Locator(this, { selector: "input, select", text, exact });
  getByRole = (role, { name, exact } = {}) => new Locator(this, { selector: ROLES[role], text: name, exact });
  frameLocator = (frame) => ({
    getByText: (text, { exact } = {}) => new Locator(this, { frame, selector: "*", text, exact }),
  });
}

const parse = (json) => (json === undefined ? undefined : JSON.parse(json));

const ROLES = { button: "button", radio: "input[type=radio]" };

/** Runs in the page: the elements that are shown and have this text, the innermost ones. */
function find({ frame, selector, text, pattern, exact }) {
  const root = frame ? document.querySelector(frame)?.contentDocument : document;
  const textOf = (element) => {
    const texts = [...(element.labels ?? [])].concat(element.labels?.length ? [] : element);
    return texts.map(({ textContent }) => textContent.replace(/\s+/g, " ").trim()).join();
  };
  const fits = (element) => {
    if (pattern) return new RegExp(...pattern).test(textOf(element));
    if (exact) return textOf(element) === text;
    return textOf(element).toLowerCase().includes((text ?? "").toLowerCase());
  };
  const found = [...(root?.querySelectorAll(selector) ?? [])].filter(
    (element) => element.getClientRects().length > 0 && fits(element),
  );
  return selector === "*" ? found.filter((one) => !found.some((other) => other !== one && one.contains(other))) : found;
}

class Locator {
  constructor(page, { text, ...query }) {
    this.page = page;
    this.query = text instanceof RegExp ? { ...query, pattern: [text.source, text.flags] } : { ...query, text };
  }

  /** Runs `use` in the page, on the first element that is found. */
  use(use, arg) {
    const { tab, patience } = this.page;
    const expression = `(() => {
      const [element] = ${call(find, this.query)};
      return element ? [(${use})(element, ${JSON.stringify(arg)}) ?? null] : undefined;
    })()`;
    return until(patience, JSON.stringify(this.query), async () => parse(await tab.run(expression)));
  }

  waitFor = async () => void (await this.use(() => {}));
  // The DOM's own clicks: where the pointer is does not matter to a cookie.
  click = async () => void (await this.use((element) => element.click()));
  check = this.click;
  fill = async (text) =>
    void (await this.use((element, text) => {
      element.value = text;
      element.dispatchEvent(new Event("input", { bubbles: true }));
      element.dispatchEvent(new Event("change", { bubbles: true }));
    }, text));
  selectOption = this.fill;
  isChecked = async () => (await this.use((element) => element.checked))[0];
  textContent = async () => (await this.use((element) => element.textContent))[0];
  allTextContents = async () =>
    parse(await this.page.tab.run(`${call(find, this.query)}.map((element) => element.textContent)`));
}
