// Follows who is signed in: a stream that is open for as long as the session lives.

/** All windows of this browser: one of them has signed in. */
const channel = new BroadcastChannel("sign-in");

/** Calls `known(name)` whenever somebody is, or nobody, and `ended()` when the session has ended. */
export function watch(known, ended = () => {}) {
  let events;
  const open = () => {
    events?.close();
    const opened = new EventSource("/sign-in/watch");
    events = opened;
    opened.addEventListener("who", ({ data }) => {
      const { name } = JSON.parse(data);
      known(name);
      // Nobody is signed in: there is nothing to wait for.
      if (!name) opened.close();
    });
    opened.addEventListener("ended", () => {
      opened.close();
      known(null);
      ended();
    });
  };
  channel.addEventListener("message", open);
  // The page without a script tells nobody: asked again when somebody comes back to this window.
  document.addEventListener("visibilitychange", () => document.hidden || events.readyState !== EventSource.CLOSED || open());
  open();
  return open;
}

/** Somebody has signed in here: other windows ask again. Nobody needs to tell them of a sign-out. */
export const tellOthers = () => channel.postMessage("signed in");

/** Shows a name, or that there is none. */
export function showName(name) {
  document.getElementById("visitor").dataset.known = name ? "yes" : "no";
  document.getElementById("initial").textContent = name?.[0] ?? "";
  document.getElementById("who").textContent = name ? `Signed in as ${name}` : "Nobody is signed in";
}
