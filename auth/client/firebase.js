// Signs the people of Firebase in to an app that uses apply-cookies-auth: the ID token of Google's SDK
// goes to the server once, which answers with an HttpOnly cookie of its own.
//
//     import { signIn } from "/auth/firebase.js";
//     await signInWithEmailAndPassword(auth, email, password); // the app's own SDK, from its own bundle
//     await signIn(auth, "/app");

/**
 * As much of the SDK's `Auth` as is used here.
 * @typedef {{ currentUser: { getIdToken(forceRefresh?: boolean): Promise<string> } | null, signOut(): Promise<void> }} FirebaseAuth
 */

/** Where the sign-ins are. The server serves this module as `{prefix}/firebase.js`; set it after the import of a bundled copy. */
export const settings = { prefix: /^([^?#]+)\/firebase\.js(?![^?#])/.exec(import.meta.url)?.[1] ?? "/auth" };

/** Why nobody was signed in, or out. `type` is the code of the refusal, as `email-not-verified`. */
export class SignInError extends Error {
  /**
   * @param {number} status the answer's HTTP status
   * @param {string} type
   * @param {string} [title] a sentence for the person
   */
  constructor(status, type, title) {
    super(title ?? `${type} (${status})`);
    this.name = "SignInError";
    this.status = status;
    this.type = type;
  }
}

/**
 * @param {string} path
 * @param {Record<string, string>} fields
 */
async function post(path, fields) {
  const answer = await fetch(settings.prefix + path, {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(fields).toString(),
    // Neither the token nor the cookie leaves this origin.
    credentials: "same-origin",
    mode: "same-origin",
    redirect: "error",
    // With `no-referrer` the browser would send `Origin: null`, which is refused.
    referrerPolicy: "strict-origin",
  });
  if (answer.status === 204) return;
  const problem = await answer.json().catch(() => ({}));
  throw new SignInError(answer.status, String(problem.type ?? "unknown"), problem.title);
}

/** Goes to a place of this origin. @param {string} [place] */
function go(place) {
  if (place === undefined) return;
  const { href, origin } = new URL(place, location.href);
  location.assign(origin === location.origin ? href : "/");
}

/**
 * A fresh ID token of whoever is signed in at Firebase, for `signIn` or for a stream's own message.
 * @param {FirebaseAuth} auth
 */
export async function freshToken(auth) {
  if (!auth.currentUser) throw new SignInError(0, "signed-out", "Nobody is signed in at Firebase.");
  return auth.currentUser.getIdToken(true);
}

/**
 * Begins a session here for whoever has signed in at Firebase within the last five minutes, and goes to
 * `place` if there is one.
 * @param {FirebaseAuth} auth
 * @param {string} [place]
 */
export async function signIn(auth, place) {
  await post("/firebase", { id_token: await freshToken(auth) });
  go(place);
}

/**
 * Ends the session here, then the one at Firebase, and goes to `place` if there is one.
 * @param {FirebaseAuth} auth
 * @param {string} [place]
 */
export async function signOut(auth, place) {
  await post("/sign-out", {});
  await auth.signOut();
  go(place);
}
