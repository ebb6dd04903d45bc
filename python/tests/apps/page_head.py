"""What a page needs whose framework owns the socket: the module, and a binding before the socket."""

HEAD = """<script type="module">
  import { ready } from "/__apply-cookies/client.js";
  await ready();
  globalThis.rebind = async () => { await ready(); location.reload(); };
</script>"""
