// What the server knows about the visitor, next to what a script knows.

const $ = (id) => document.getElementById(id);

/** Asks the server, shows its answer, and returns it. */
export async function refresh() {
  const answer = await fetch("/whoami");
  const visitor = await answer.json();
  $("visitor").dataset.known = visitor.name ? "yes" : "no";
  $("who").textContent = visitor.name ? `Signed in as ${visitor.name}` : "Nobody is signed in";
  $("initial").textContent = visitor.name ? Array.from(visitor.name)[0].toUpperCase() : "?";
  if (visitor.accent) paint(visitor.accent);
  $("script-sees").textContent = JSON.stringify(document.cookie);
  $("server-sees").replaceChildren(...chips(visitor.cookies));
  return visitor;
}

/** Gives the page its colour. */
export function paint(accent) {
  document.documentElement.dataset.accent = accent;
  document.querySelector(`input[name="accent"][value="${accent}"]`).checked = true;
}

/** Shows the newest token. That is safe: it is used or about to be, and reveals nothing. */
export function showToken(token) {
  $("token").textContent = `${token.slice(0, 24)}…${token.slice(-8)}`;
  $("token-note").textContent =
    `${token.length} characters, encrypted: no name, no value, not even which cookie it sets. ` +
    "It works once, for a minute, and only in this browser.";
}

function chips(names) {
  return (names.length ? names : [null]).map((name) => {
    const chip = document.createElement("li");
    if (name) {
      const code = document.createElement("code");
      code.textContent = name;
      chip.append(code, " HttpOnly");
    } else {
      chip.className = "none";
      chip.textContent = "none of our cookies";
    }
    return chip;
  });
}
