// Three ways to misuse a token. Each asks for a fresh one, so that the answer is about the misuse, not
// about a token that has since expired.

import { ready, settings } from "/__apply-cookies/client.js";
import { BLOCKED, showBlocked } from "./blocked.js";
import { refresh } from "./whoami.js";

export function offerAttacks() {
  offer("replay", replay);
  offer("forgery", forge);
  offer("stranger", useAnothers);
}

function offer(id, attack) {
  const button = document.getElementById(id);
  const output = document.querySelector(`output[for="${id}"]`);
  button.addEventListener("click", async () => {
    output.replaceChildren("Trying…");
    try {
      output.replaceChildren(...(await attack()));
    } catch (error) {
      output.replaceChildren(error.message);
    }
  });
}

async function replay() {
  const token = await practiceToken();
  const first = await post(token);
  if (first.type === "wrong-browser") {
    showBlocked();
    throw new Error(BLOCKED);
  }
  const second = await post(token);
  await refresh();
  return [pill(first), pill(second), line("The first use counted. The copy is worthless.")];
}

async function forge() {
  const token = await practiceToken();
  const at = Math.floor(token.length / 2);
  const changed = token[at] === "A" ? "B" : "A";
  const answer = await post(token.slice(0, at) + changed + token.slice(at + 1));
  const mark = document.createElement("mark");
  mark.textContent = changed;
  const code = document.createElement("code");
  code.append(`…${token.slice(at - 8, at)}`, mark, `${token.slice(at + 1, at + 9)}…`);
  return [pill(answer), line("Every byte is under the seal: ", code)];
}

async function useAnothers() {
  const answer = await fetch("/demo/stranger");
  const { token } = await answer.json();
  const refused = await post(token);
  const { name } = await refresh();
  const still = name ? `You are still ${name}` : "Nobody is signed in";
  return [pill(refused), line(`${still}, and the token is not used up: Mallory’s browser could use it.`)];
}

/** A token of this browser, taken from its stream and not yet posted. */
async function practiceToken() {
  await ready();
  return new Promise((resolve, reject) => {
    const events = new EventSource("/demo/practice");
    events.addEventListener("apply-cookies", ({ data }) => {
      events.close();
      resolve(JSON.parse(data).token);
    });
    events.addEventListener("error", () => {
      events.close();
      reject(new Error("The stream broke off."));
    });
  });
}

/** Posts a token as an attacker would, with a redemption id of its own. */
async function post(token) {
  const body = new URLSearchParams({ t: token, r: crypto.randomUUID() });
  const answer = await fetch(settings.endpoint, { method: "POST", body });
  return { status: answer.status, type: answer.ok ? "applied" : (await answer.json()).type };
}

function pill({ status, type }) {
  const shown = document.createElement("span");
  shown.className = "pill";
  shown.dataset.refused = status >= 400 ? "yes" : "no";
  shown.textContent = `${status} ${type}`;
  return shown;
}

function line(...parts) {
  const shown = document.createElement("span");
  shown.append(...parts);
  return shown;
}
