// What the page says where the browser keeps no cookies at all.

/** Short, for the card whose cookie it was. */
export const BLOCKED = "This browser keeps no cookies here.";

/** For the whole page. */
export function showBlocked() {
  document.getElementById("blocked").textContent =
    `Your browser keeps no cookies for ${location.host}, so nobody can be signed in here and nothing can be remembered. ` +
    "Allow cookies for this address in the browser’s settings, then load the page again.";
}

// The client module has asked for a binding and tried again by then.
document.addEventListener("apply-cookies:blocked", showBlocked);
