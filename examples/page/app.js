import { listen } from "/__apply-cookies/client.js";

const at = (id) => document.getElementById(id);
const log = (text) => at("log").append(Object.assign(document.createElement("li"), { textContent: text }));

/** Shows what the server reads from the cookies; no script can read the session. */
async function whoami() {
  const answer = await fetch("/account");
  at("who").textContent = answer.ok ? await answer.text() : "Nobody is signed in";
  document.body.dataset.theme = at("theme").value = await (await fetch("/theme")).text();
}

/** Opens a stream once this browser has its binding. Each token that arrives is posted. */
function stream(url) {
  listen(() => {
    const events = new EventSource(url);
    events.onmessage = (event) => log(event.data);
    events.addEventListener("done", () => whoami().then(() => log("done")));
    events.onerror = () => events.close(); // or the browser reopens it when it ends
    return events;
  });
}

at("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  stream(`/sign-in?${new URLSearchParams(new FormData(event.target))}`);
});
at("sign-out").addEventListener("click", () => stream("/sign-out"));

let socket;
listen(() => (socket = new WebSocket("/socket")));
at("theme").addEventListener("change", (event) => socket.send(event.target.value));

document.addEventListener("apply-cookies:applied", () => whoami());
document.addEventListener("apply-cookies:blocked", () => (at("blocked").hidden = false));
document.addEventListener("apply-cookies:failed", (event) => log(`not applied: ${event.detail.type}`));
whoami();
