// Runs in the streamed document, and tells the page around it what happens. The cookie does not need
// this script, only the client module.

const tell = (step, at = Date.now(), reason) =>
  parent.postMessage({ step, at, reason }, location.origin);

tell("started");

// The server's steps, and the <apply-cookies> element, arrive as parts of the document.
const tellOfNodes = (nodes) => {
  for (const node of nodes) {
    if (node.localName === "apply-cookies") tell("streamed");
    if (node.dataset?.step) tell(node.dataset.step, Number(node.dataset.at), node.textContent);
  }
};
const arrivals = new MutationObserver((records) => {
  for (const { addedNodes } of records) tellOfNodes(addedNodes);
});
const catchUp = () => {
  for (const { addedNodes } of arrivals.takeRecords()) tellOfNodes(addedNodes);
};

document.addEventListener("apply-cookies:posted", () => {
  catchUp();
  tell("posted");
});
document.addEventListener("apply-cookies:applied", () => tell("applied"));
document.addEventListener("apply-cookies:failed", ({ detail }) => {
  // The module asks for a binding, and loads this document again.
  if (detail.type === "wrong-browser") tell("lost");
  else tell("failed", Date.now(), `The cookie was refused: ${detail.status} ${detail.type}`);
});
document.addEventListener("apply-cookies:blocked", () => tell("blocked"));

tellOfNodes(document.querySelectorAll("li[data-step], apply-cookies"));
arrivals.observe(document.documentElement, { childList: true, subtree: true });

// Last: it defines the element, and from then on tokens may be posted.
await import("/__apply-cookies/client.js");
