/** Runs in a page: counts what happens there, and opens a stream by `listen` that signs in. */
export async function begin() {
  const { listen } = await import("/__apply-cookies/client.js");
  globalThis.seen = [];
  for (const step of ["applied", "failed", "blocked"]) {
    document.addEventListener(`apply-cookies:${step}`, ({ detail }) =>
      globalThis.seen.push(detail ? `${step} ${detail.type}` : step),
    );
  }
  globalThis.opened = 0;
  listen(() => {
    globalThis.opened++;
    // It comes back by itself, with a token every time, as an EventSource does whose server hangs up.
    return new EventSource("/demo/sign-in?name=Grace");
  });
}
