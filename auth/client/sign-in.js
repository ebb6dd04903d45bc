// Signs people in with a provider in a popup, while the page and its stream stay as they are. The stream
// offers a sign-in; this enables `<button data-sign-in="NAME">`, opens the popup in the click itself,
// because browsers block any other, and hears from the popup's last page. Not from the popup: a
// provider's Cross-Origin-Opener-Policy cuts the two apart, and `closed` is then true while it is open.

const offered = new Map();
const channel = new BroadcastChannel("apply-cookies:sign-in");

const buttons = (provider) =>
  [...document.querySelectorAll("button[data-sign-in]")].filter((one) => one.dataset.signIn === provider);

/**
 * @param {string} data what `PopupSignIn` has sent: `source.addEventListener("sign-in", (e) => popupSignIn(e.data))`
 * @param {() => void} [reopen] reopens the stream. Called if it has not heard of the sign-in: after a refusal
 *   that the person has overcome, or in another process
 */
export const popupSignIn = (data, reopen = () => location.reload()) => {
  const { id, provider, url } = JSON.parse(data);
  offered.set(id, [provider, reopen]);
  const all = buttons(provider);
  if (!all.length) console.warn(`sign-in.js: there is no <button data-sign-in="${provider}">`);
  for (const button of all) {
    button.disabled = false;
    button.onclick = () => window.open(url, "_blank", "popup,noopener,width=480,height=640");
  }
};

// Popups report successes alone: a sign-in that was refused stays known here, for the next try.
channel.onmessage = ({ data: { id, elsewhere } }) => {
  const [provider, reopen] = offered.get(id) ?? [];
  if (!offered.delete(id)) return;
  for (const button of buttons(provider)) button.disabled = true;
  if (elsewhere) reopen();
};
