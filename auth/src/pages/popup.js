const { id, elsewhere } = document.getElementById("popup").dataset;
new BroadcastChannel("apply-cookies:sign-in").postMessage({ id, elsewhere: elsewhere === "true" });
close();
