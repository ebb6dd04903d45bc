// The app's own script, with Google's SDK from its own bundle: nothing comes from a CDN, and the page's
// policy allows no other script.

import { initializeApp } from "firebase/app";
import { connectAuthEmulator, getAuth, signInWithEmailAndPassword } from "firebase/auth";

import { applyCookies, ready } from "/__apply-cookies/client.js";
import { freshToken, signIn, signOut } from "/auth/firebase.js";

const auth = getAuth(initializeApp({ projectId: "demo-example", apiKey: "demo" }));
connectAuthEmulator(auth, `http://${document.documentElement.dataset.emulator}`, { disableWarnings: true });

const log = (text) => document.getElementById("log").append(Object.assign(document.createElement("li"), { textContent: text }));

/** What the server reads from the cookie, which no script can read. */
const whoami = async () => {
  const answer = await fetch("/auth/me");
  const me = answer.ok && (await answer.json());
  document.getElementById("who").textContent = me ? `Signed in as ${me.email}` : "Nobody is signed in";
};
for (const event of ["applied", "elsewhere"]) document.addEventListener(`apply-cookies:${event}`, whoami);
whoami();

/** Hands the ID token to a stream, which answers with a token for the cookie. */
async function signInInStream() {
  await ready(); // this browser has its binding
  const answer = await fetch("/stream", { method: "POST", body: await freshToken(auth) });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (let part; !(part = await reader.read()).done; ) {
    const events = (text + part.value).split("\n\n");
    text = events.pop();
    for (const one of events) {
      const data = one.match(/^data: ?(.*)$/m)?.[1];
      if (/^event: ?apply-cookies$/m.test(one)) applyCookies(JSON.parse(data).token).catch((error) => log(error.type));
      else if (data) log(data);
    }
  }
}

document.getElementById("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { email, password } = event.target;
  try {
    await signInWithEmailAndPassword(auth, email.value, password.value);
    const wanted = new URLSearchParams(location.search).get("return_to");
    if (event.submitter.value === "stream") await signInInStream();
    else await signIn(auth, wanted ?? undefined);
    await whoami();
  } catch (error) {
    log(error.type ?? error.code);
  }
});

document.getElementById("sign-out").addEventListener("click", async () => {
  await signOut(auth).catch((error) => log(error.type));
  await whoami();
});

globalThis.firebaseUser = () => auth.currentUser?.email ?? null; // for whoever tries it out
