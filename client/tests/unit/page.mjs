// The surroundings of the module, as far as it touches them: a server behind `fetch`, a document.

let copies = 0;

/** A fresh copy of the module: what a page has that was just opened. */
export const open = () => import(`../../apply-cookies.js?copy=${copies++}`);

export const done = () => new Response(null, { status: 204 });

export const refusal = (status, type) =>
  new Response(JSON.stringify({ type, status }), {
    status,
    headers: { "content-type": "application/problem+json" },
  });

/**
 * Answers every POST with what `answer` gives for it; returns the list of the posts.
 * A real Request is made of each, so that what no browser would send is an error here too.
 */
export function serve(answer = done) {
  const posts = [];
  globalThis.fetch = async (url, init) => {
    const request = new Request(new URL(url, "https://app.example"), init);
    const post = { request, init, form: new URLSearchParams(init.body) };
    post.token = post.form.get("t");
    posts.push(post);
    return answer(post);
  };
  return posts;
}

/** A server that answers when the test says so: `next()` answers the oldest open POST. */
export function serveByHand() {
  const open = [];
  const posts = serve(() => new Promise((resolve) => open.push(resolve)));
  const next = async (answer = done()) => {
    open.shift()(answer);
    await settled();
  };
  return { posts, open, next };
}

/** Until everything has happened that does not wait for an answer. */
export const settled = () => new Promise((resolve) => setTimeout(resolve));

/** A document; returns the list of the events that it sees. */
export function openDocument() {
  const seen = [];
  globalThis.document = new EventTarget();
  for (const step of ["posted", "applied", "failed"]) {
    document.addEventListener(`apply-cookies:${step}`, ({ detail }) => seen.push({ step, detail }));
  }
  return seen;
}

/** Runs `act` and returns the rejections that nobody handled. */
export async function unhandled(act) {
  const lost = [];
  const others = process.rawListeners("unhandledRejection");
  // The test runner listens as well and would end the test before it can say what it expected.
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", (reason) => lost.push(reason));
  try {
    await act();
    await settled();
  } finally {
    process.removeAllListeners("unhandledRejection");
    for (const other of others) process.on("unhandledRejection", other);
  }
  return lost;
}
