// Tells Salla's admin that the page inside it is there, so that it takes its own sign of loading away.
(() => {
  if (window.parent === window) return;
  const tell = (event, payload) => {
    for (const origin of document.currentScript.dataset.origins.split(" "))
      window.parent.postMessage({ event, payload, timestamp: Date.now(), source: "embedded-app" }, origin);
  };
  tell("embedded::iframe.ready", { height: document.documentElement.scrollHeight });
  tell("embedded::ready", {});
})();
