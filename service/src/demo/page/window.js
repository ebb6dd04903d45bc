// The second window: it shows what it hears, and does nothing by itself.

import { showName, watch } from "./watch.js";

const note = document.getElementById("note");

watch(
  (name) => {
    showName(name);
    note.textContent = name ? "Its stream is open, and would hear of a sign-out" : "This window only listens";
  },
  (at) => {
    note.textContent = "Signed out by another window";
    // The demo's page around it knows when the sign-out was queued.
    if (parent !== window) parent.postMessage({ ended: at }, location.origin);
  },
);
