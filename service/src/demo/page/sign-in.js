// Signing in and out over server-sent events.

import { listen } from "/__apply-cookies/client.js";
import { redemption } from "./redemptions.js";
import { Timeline } from "./timeline.js";
import { refresh } from "./whoami.js";

export function signInAndOut(card) {
  const timeline = new Timeline(card);
  const form = card.querySelector("form");
  // One after the other: a visitor who signs out while signing in wants to end up signed out.
  let last = Promise.resolve();
  const run = (path, done) => {
    last = last.then(async () => {
      try {
        await follow(() => new EventSource(path), timeline);
        await refresh();
        timeline.applied(done);
      } catch (error) {
        timeline.fail(error.message);
      }
    });
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(`/demo/sign-in?${new URLSearchParams({ name: form.name.value })}`, "Signed in");
  });
  form.querySelector("#sign-out").addEventListener("click", () => run("/demo/sign-out", "Signed out"));
}

/** Opens a stream; settles when the cookies it brings are applied. */
export async function follow(source, timeline) {
  timeline.start("Opening the stream…");
  let stop;
  try {
    // The module opens it once this browser has its binding, and again if that was lost.
    await new Promise((resolve, reject) => {
      stop = listen(() => open(source(), timeline, resolve, reject));
    });
  } finally {
    stop();
  }
}

function open(events, timeline, resolve, reject) {
  let applied = Promise.reject(new Error("The stream brought no cookie."));
  applied.catch(() => {});
  events.addEventListener("step", ({ data }) => {
    const told = JSON.parse(data);
    timeline.told(told);
    if (told.step === "refused") applied = Promise.reject(new Error(told.reason));
    if (told.step !== "done") return;
    // Closed at once: otherwise an EventSource reconnects, and HTTP/1.1 allows six connections.
    events.close();
    applied.then(resolve, reject);
  });
  // Before the module's own listener, which posts the token.
  events.addEventListener("apply-cookies", ({ data }) => {
    applied = redemption(timeline, JSON.parse(data).token);
    applied.catch(() => {});
  });
  events.addEventListener("error", () => {
    events.close();
    reject(new Error("The stream broke off."));
  });
  return events;
}
