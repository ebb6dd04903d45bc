// The page /sign-in.

import "./blocked.js";
import { PostedStream } from "./posted.js";
import { follow } from "./sign-in.js";
import { Timeline } from "./timeline.js";
import { showName, tellOthers, watch } from "./watch.js";

const at = (id) => document.getElementById(id);
const timeline = new Timeline(at("password"));

const reopen = watch((name) => {
  showName(name);
  // Asked again with every change, or the pills would show what was.
  for (const output of document.querySelectorAll(".attacks output")) output.replaceChildren();
});

// One after the other: a visitor who signs out while signing in wants to end up signed out.
let last = Promise.resolve();
const run = (way, source, also = () => {}) => {
  last = last.then(async () => {
    for (const text of document.querySelectorAll("[data-out]")) text.textContent = text.dataset[way];
    try {
      await follow(source, timeline);
      timeline.applied(`Signed ${way}`);
      also();
      reopen();
    } catch (error) {
      timeline.fail(error.message);
    }
  });
};

const form = at("enter");
form.addEventListener("submit", (event) => {
  event.preventDefault();
  run("in", () => new PostedStream("/sign-in/enter", new FormData(form)), tellOthers);
});
at("leave").addEventListener("click", () => run("out", () => new PostedStream("/sign-in/leave")));

for (const button of document.querySelectorAll("[data-account]")) {
  button.addEventListener("click", () => {
    form.name.value = button.dataset.account;
    form.password.value = button.dataset.password;
  });
}

for (const button of document.querySelectorAll("[data-page]")) {
  button.addEventListener("click", async () => {
    const answer = await fetch(button.dataset.page);
    const said = answer.ok ? "opened" : (await answer.json()).type;
    const pill = document.createElement("span");
    pill.className = "pill";
    pill.dataset.refused = answer.ok ? "no" : "yes";
    pill.textContent = `${answer.status} ${said}`;
    document.querySelector(`output[for="${button.id}"]`).replaceChildren(pill);
  });
}
