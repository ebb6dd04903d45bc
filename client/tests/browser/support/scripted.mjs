// A server whose every answer a test writes itself: it serves the module as the real one does, the
// test's pages, and notes what is posted.

import { createServer } from "node:http";

import { served } from "../../../minify.mjs";

/**
 * `pages` are functions by path, each called for every request of its page, that give the HTML, or
 * `{ type, headers, body }`.
 * `answer` gives the answer to a POST: its status, or `{ status, headers, body }`. Both may change.
 * @param {{ pages?: Record<string, (request: object) => any>, answer?: (post: object) => any, lifetime?: number }} script
 */
export async function startScripted({ pages = {}, answer = () => 204, lifetime = 60_000 } = {}) {
  const script = { pages, answer, posts: [] };
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://any");
    const send = (status, type, body, more) =>
      response.writeHead(status, { "content-type": type, "cache-control": "no-store", ...more }).end(body);
    if (request.method === "POST") {
      let text = "";
      for await (const part of request.setEncoding("utf8")) text += part;
      const post = { path: pathname, headers: request.headers, text, form: new URLSearchParams(text) };
      post.token = post.form.get("t");
      script.posts.push(post);
      const answered = await script.answer(post);
      const { status, headers, body } = Object(answered) === answered ? answered : { status: answered };
      if (!status) return response.destroy();
      return send(status, "application/problem+json", body, headers);
    }
    if (pathname === "/__apply-cookies/client.js") return send(200, "text/javascript", served(lifetime));
    const page = script.pages[pathname]?.(request);
    const { type, headers, body } = Object(page) === page ? page : { body: page };
    send(page ? 200 : 404, type ?? "text/html", body, headers);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  /** The tokens that were posted, in order. */
  script.tokens = () => script.posts.filter(({ path }) => path === "/__apply-cookies").map(({ token }) => token);
  script.url = `http://127.0.0.1:${server.address().port}/`;
  script.stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return script;
}

/** A refusal, as the endpoint makes it. */
export const refusal = (status, type) => ({ status, body: JSON.stringify({ type }) });

/** A page with the module, and this in its body. */
export const withModule = (body, before = "") => `<!doctype html>
${before}<script type="module" src="/__apply-cookies/client.js"></script>
${body}`;
