// A streamed document in a frame, which reports its steps to this page.

import { ready } from "/__apply-cookies/client.js";
import { BLOCKED, showBlocked } from "./blocked.js";
import { Timeline } from "./timeline.js";
import { refresh } from "./whoami.js";

export function countVisits(card) {
  const timeline = new Timeline(card);
  const frame = card.querySelector("iframe");
  const button = card.querySelector("button");

  button.addEventListener("click", async () => {
    timeline.start("Loading the document…");
    try {
      await ready();
      frame.hidden = false;
      frame.src = "/demo/visit";
    } catch (error) {
      timeline.fail(error.message);
    }
  });

  addEventListener("message", async ({ origin, source, data }) => {
    if (origin !== location.origin || source !== frame.contentWindow) return;
    timeline.told(data);
    if (data.step === "failed") timeline.fail(data.reason);
    if (data.step === "lost") timeline.start("This browser’s binding was lost. Loading the document again…");
    if (data.step === "blocked") {
      showBlocked();
      timeline.fail(BLOCKED);
    }
    if (data.step === "applied") {
      await refresh();
      timeline.applied("Counted");
    }
  });
}
