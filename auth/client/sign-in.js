// Signs people in with a provider in a popup, while the page and its stream stay as they are. The stream
// offers a sign-in; this enables `<button data-sign-in="NAME">`, opens the popup in the click itself,
// because browsers block any other, and hears from the popup's last page. Not from the popup: a
// provider's Cross-Origin-Opener-Policy cuts the two apart, and `closed` is then true while it is open.

/** @type {Map<string, [provider: string, reopen: () => void]>} */
const offered = new Map();
/** @type {BroadcastChannel | undefined} */
let channel;

/** @param {string} provider */
const buttons = (provider) => [...document.querySelectorAll("button")].filter((one) => one.dataset.signIn === provider);

// Popups report successes alone: a sign-in that was refused stays known here, for the next try.
/** @param {MessageEvent} message */
const hear = ({ data: { id, elsewhere } }) => {
  const [provider, reopen] = offered.get(id) ?? [];
  if (!provider || !reopen) return;
  offered.delete(id);
  for (const button of buttons(provider)) button.disabled = true;
  if (elsewhere) reopen();
};

/**
 * @param {string} data what `PopupSignIn` has sent: `source.addEventListener("sign-in", (e) => popupSignIn(e.data))`
 * @param {() => void} [reopen] reopens the stream. Called if it has not heard of the sign-in: after a refusal
 *   that the person has overcome, or in another process
 */
export const popupSignIn = (data, reopen = () => location.reload()) => {
  const { id, provider, url } = JSON.parse(data);
  // Not before: a server that imports this module would never end.
  channel ??= new BroadcastChannel("apply-cookies:sign-in");
  channel.onmessage = hear;
  offered.set(id, [provider, reopen]);
  const all = buttons(provider);
  if (!all.length) console.warn(`sign-in.js: there is no <button data-sign-in="${provider}">`);
  for (const button of all) {
    button.disabled = false;
    button.onclick = () => window.open(url, "_blank", "popup,noopener,width=480,height=640");
  }
};
