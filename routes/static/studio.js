// Adds keyboard shortcuts to the review page, takes a second press of a button for no press, and prints a sheet.
// Everything here can be done without it, by links and forms.
(() => {
  "use strict";
  for (const form of document.querySelectorAll("form[method=post]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) return event.preventDefault();
      form.dataset.sent = "yes";
    });
  }
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  const print = document.getElementById("print");
  if (print) {
    print.hidden = false;
    print.addEventListener("click", () => window.print());
  }

  const panel = document.getElementById("shortcuts");
  if (!panel) return;
  const items = [...document.querySelectorAll("article.item")];
  const use = document.getElementById("use-shortcuts");
  const remembered = { // a browser may keep nothing
    read() { try { return localStorage.getItem("shortcuts"); } catch { return null; } },
    write(value) { try { localStorage.setItem("shortcuts", value); } catch { /* then only until the page is left */ } },
  };
  panel.hidden = false;
  use.checked = remembered.read() !== "off";
  use.addEventListener("change", () => remembered.write(use.checked ? "on" : "off"));
  const shown = location.hash && document.getElementById(location.hash.slice(1));
  if (shown) shown.focus({ preventScroll: true });

  const current = () => items.findIndex((item) => item.contains(document.activeElement));
  const go = (by) => {
    const at = current();
    const next = items[at < 0 ? (by > 0 ? 0 : items.length - 1) : Math.min(Math.max(at + by, 0), items.length - 1)];
    if (!next) return;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "start" });
  };
  const press = (key) => {
    const item = items[current()];
    const node = item && item.querySelector(`[data-key=${key}]`);
    if (!node) return;
    if (node.tagName !== "DETAILS") return node.click();
    node.open = true;
    node.querySelector("input[name=reason]").focus();
  };
  const keys = {
    j: () => go(1), k: () => go(-1), a: () => press("a"), e: () => press("e"), r: () => press("r"),
    "?": () => { panel.open = !panel.open; panel.querySelector("summary").focus(); },
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select");
    if (!use.checked || typing || event.ctrlKey || event.altKey || event.metaKey || !(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  });
})();
