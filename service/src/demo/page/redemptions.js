// Finds the card that a POST of the client module belongs to.
//
// The module's events carry no token, because any script may listen to them. It posts one token at a
// time, in the order of their arrival, so an event belongs to the oldest waiting card.

import { ready } from "/__apply-cookies/client.js";
import { BLOCKED } from "./blocked.js";

const waiting = [];

let arrived = () => {};

/** Calls `show(token)` for each token. */
export const onToken = (show) => (arrived = show);

/** Those whose stream the module opens again, because the browser's binding was lost. */
const lost = [];

/**
 * A token has reached the page: settles when its cookies are applied. Call it before the module gets
 * the token, or the first event is missed. Where the module opens the stream again, it does not
 * settle unless that fails too: the stream brings another token.
 */
export function redemption(timeline, token) {
  timeline.mark("streamed");
  arrived(token);
  return new Promise((resolve, reject) => waiting.push({ timeline, resolve, reject }));
}

const giveUp = (reason) => {
  for (const { reject } of lost.splice(0)) reject(new Error(reason));
};

document.addEventListener("apply-cookies:posted", () => waiting[0]?.timeline.mark("posted"));

document.addEventListener("apply-cookies:applied", () => {
  const done = waiting.shift();
  lost.length = 0;
  done?.timeline.mark("applied");
  done?.resolve();
});

document.addEventListener("apply-cookies:failed", ({ detail }) => {
  const failed = waiting.shift();
  if (!failed) return;
  if (detail.type !== "wrong-browser") {
    failed.reject(new Error(`The cookie was refused: ${detail.status} ${detail.type}`));
    return;
  }
  failed.timeline.start("This browser’s binding was lost. Opening the stream again…");
  lost.push(failed);
  // The module asks for a binding, and so gets the same answer.
  ready().catch(() => giveUp("The server did not answer."));
});

document.addEventListener("apply-cookies:blocked", () => giveUp(BLOCKED));
