// The second window: it shows what it hears, and does nothing by itself.

import { showName, watch } from "./watch.js";

const note = document.getElementById("note");

watch(
  (name) => {
    showName(name);
    note.textContent = name ? "Its stream is open, and would hear of a sign-out" : "This window only listens";
  },
  () => {
    note.textContent = "Signed out by another window";
  },
);
