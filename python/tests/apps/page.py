"""The page of every app here: signs in and out over server-sent events, and over a socket."""

PAGE = """<!doctype html><meta charset="utf-8"><title>app</title>
<output id="who"></output> <ul id="log"></ul>
<button id="sse-in">in</button> <button id="sse-out">out</button>
<button id="socket-in">in</button> <button id="socket-out">out</button>
<script type="module">
  import { listen } from "/__apply-cookies/client.js";
  const tell = (text) => { const item = document.createElement("li"); item.textContent = text; log.append(item); };
  const look = async () => (who.textContent = "who: " + (await (await fetch("/who")).text()));
  document.addEventListener("apply-cookies:failed", (event) => tell("failed " + event.detail.type));
  for (const what of ["in", "out"]) {
    document.getElementById("sse-" + what).onclick = () => {
      const stop = listen(() => {
        const events = new EventSource("/" + what);
        events.onmessage = ({ data }) => tell(data);
        events.addEventListener("done", async () => { stop(); await look(); });
        return events;
      });
    };
    document.getElementById("socket-" + what).onclick = () => {
      const stop = listen(() => {
        const socket = new WebSocket("ws://" + location.host + "/socket");
        socket.onopen = () => socket.send(what);
        socket.onmessage = async ({ data }) => {
          if (data.startsWith("{")) return;
          tell(data); stop(); await look();
        };
        return socket;
      });
    };
  }
  await look();
</script>"""
