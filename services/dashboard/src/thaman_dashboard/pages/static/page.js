// What script adds to the pages. Without it every page can be read and every command given.
(function () {
  "use strict";

  // --- parts that are shown anew: never over what somebody is at ---

  function isAtWork(part) {
    if (part.querySelector("input[type=checkbox]:checked")) return true;
    var active = document.activeElement;
    return part.contains(active) && active.matches("input:not([type=checkbox]), select, textarea");
  }

  function isOpen(part) {
    return Array.from(part.querySelectorAll("details[open][id]"), function (one) { return one.id; });
  }

  var kept = { focus: null, open: [] };

  document.addEventListener("htmx:beforeSwap", function (event) {
    var part = event.detail.target;
    if (!(part instanceof Element) || !part.id) return;
    if (event.detail.xhr.status !== 200) {
      // A problem is no part: the page stays, and whoever looks at it again gets the whole problem.
      event.detail.shouldSwap = false;
      event.detail.isError = false;
      // Whose session has ended is shown nothing of the store any more; the first page says how to come back.
      if (event.detail.xhr.status === 401) window.location.assign("/");
      return;
    }
    if (part.hasAttribute("data-keep") && isAtWork(part)) {
      event.detail.shouldSwap = false;
      document.querySelectorAll("[data-news]").forEach(function (news) {
        if (news.getAttribute("data-news") === part.id) news.hidden = false;
      });
      return;
    }
    var held = part.contains(document.activeElement) ? document.activeElement.closest("[id]") : null;
    kept = { focus: held ? held.id : null, open: isOpen(part) };
  });

  document.addEventListener("htmx:afterSettle", function () {
    kept.open.forEach(function (id) {
      var details = document.getElementById(id);
      if (details) details.open = true;
    });
    var held = kept.focus ? document.getElementById(kept.focus) : null;
    if (held) held.focus({ preventScroll: true });
    kept = { focus: null, open: [] };
  });

  // --- the line of events: said when it is lost; everything is looked at again when it is back ---

  var wasLost = false;

  function tellLost(isLost) {
    document.querySelectorAll("[data-lost]").forEach(function (line) { line.hidden = !isLost; });
  }

  document.addEventListener("htmx:sseError", function () {
    wasLost = true;
    tellLost(true);
  });
  document.addEventListener("htmx:sseOpen", function () {
    tellLost(false);
    if (!wasLost) return;
    wasLost = false;
    document.querySelectorAll("[hx-trigger^='sse:']").forEach(function (part) {
      window.htmx.trigger(part, part.getAttribute("hx-trigger"));
    });
  });

  // --- seconds that are left to take an answer back, from when the page came: clocks differ ---

  var ends = new WeakMap();
  var EASTERN = "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669";

  function western(text) {
    return text.replace(/[\u0660-\u0669]/g, function (digit) { return String(EASTERN.indexOf(digit)); });
  }

  function countDown() {
    document.querySelectorAll("[data-left]").forEach(function (line) {
      var figure = line.querySelector("bdi") || line;
      if (!ends.has(line)) ends.set(line, Date.now() + 1000 * parseInt(western(figure.textContent), 10));
      var left = String(Math.max(0, Math.ceil((ends.get(line) - Date.now()) / 1000)));
      var isEastern = western(figure.textContent) !== figure.textContent;
      figure.textContent = isEastern ? left.replace(/\d/g, function (digit) { return EASTERN[digit]; }) : left;
    });
  }

  // --- the queue by keyboard ---

  function items() {
    return Array.from(document.querySelectorAll("[data-queue] > li"));
  }

  function move(by) {
    var all = items();
    if (!all.length) return;
    var at = all.findIndex(function (one) { return one.contains(document.activeElement); });
    var next = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1);
    all[next].focus();
    all[next].scrollIntoView({ block: "nearest" });
  }

  function press(selector) {
    var item = items().find(function (one) { return one.contains(document.activeElement); });
    var button = item && item.querySelector(selector);
    if (button) button.click();
  }

  function help() {
    var box = document.querySelector("[data-keys]");
    if (!box) return;
    box.open = !box.open;
    if (box.open) box.querySelector("summary").focus();
  }

  var keys = {
    j: function () { move(1); },
    k: function () { move(-1); },
    a: function () { press("button[name=approve]"); },
    r: function () { press("button[name=reject]"); },
    x: function () { press("input[name=chosen]"); },
    "?": help,
  };

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat && !"jk".includes(event.key)) return;
    var target = event.target;
    if (target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]")) return;
    if (!document.querySelector("[data-queue]")) return;
    var deed = Object.prototype.hasOwnProperty.call(keys, event.key) ? keys[event.key] : null;
    if (!deed) return;
    event.preventDefault();
    deed();
  });

  // --- static files and the page without a network ---

  if ("serviceWorker" in navigator && window.isSecureContext) {
    window.addEventListener("load", function () {
      navigator.serviceWorker.register("/sw.js").catch(function () {
        // A browser that refuses it shows the same pages.
      });
    });
  }

  window.setInterval(countDown, 250);
})();
