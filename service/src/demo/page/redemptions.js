// Finds the card that a POST of the client module belongs to.
//
// The module's events carry no token, because any script may listen to them. It posts one token at a
// time, in the order of their arrival, so an event belongs to the oldest waiting card.

import { showToken } from "./whoami.js";

const waiting = [];

/**
 * A token has reached the page: settles when its cookies are applied. Call it before the module gets
 * the token, or the first event is missed.
 */
export function redemption(timeline, token) {
  timeline.mark("streamed");
  showToken(token);
  return new Promise((resolve, reject) => waiting.push({ timeline, resolve, reject }));
}

document.addEventListener("apply-cookies:posted", () => waiting[0]?.timeline.mark("posted"));

document.addEventListener("apply-cookies:applied", () => {
  const done = waiting.shift();
  done?.timeline.mark("applied");
  done?.resolve();
});

document.addEventListener("apply-cookies:failed", ({ detail }) => {
  waiting.shift()?.reject(new Error(`The cookie was refused: ${detail.status} ${detail.type}`));
});
