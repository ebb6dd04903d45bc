// Everything that a browser complains about: the list stays empty when all is well.

export async function complaintsOf(context) {
  const complaints = [];
  const add = (what) => complaints.push(what);
  // Also from frames, and from the first line of a document on.
  await context.exposeBinding("complain", (_, text) => add(`policy: ${text}`));
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) =>
      globalThis.complain(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`),
    );
  });
  context.on("console", (message) => add(`console: ${message.type()} ${message.text()}`));
  context.on("weberror", (error) => add(`error: ${error.error().message}`));
  context.on("requestfailed", (request) => {
    const why = request.failure()?.errorText;
    // The page closes a stream that has sent everything, a moment before the server does.
    if (request.resourceType() === "eventsource" && why === "net::ERR_ABORTED") return;
    add(`request: ${why} ${request.url()}`);
  });
  context.on("response", (response) => {
    if (response.status() >= 400) add(`response: ${response.status()} ${response.url()}`);
  });
  return complaints;
}
