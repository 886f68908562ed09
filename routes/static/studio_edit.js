// Checks a question while it is being written: the server's lint, half a second after the last key.
// Without this file the button "Check without saving" does the same.
(() => {
  "use strict";
  const form = document.querySelector("form.edit");
  const error = document.querySelector(".errors");
  if (error) error.focus();
  if (!form || !window.fetch || !window.AbortController) return;
  const place = document.getElementById("lint");
  const status = form.querySelector(".progress");
  const PATIENCE = 500;
  let waiting = 0;
  let running = null;
  let told = place.innerHTML;

  async function check() {
    if (running) running.abort();
    running = new AbortController();
    status.textContent = status.dataset.checking;
    try {
      const response = await fetch(form.dataset.lint, {
        method: "POST", body: new URLSearchParams(new FormData(form)), signal: running.signal,
        headers: { Accept: "text/html" },
      });
      if (!response.ok) throw new TypeError(String(response.status));
      const text = await response.text();
      if (text.trim() !== told.trim()) place.innerHTML = told = text; // our own page's piece: the server has escaped it
      status.textContent = "";
      mark();
    } catch (problem) {
      if (problem.name !== "AbortError") status.textContent = status.dataset.broken;
    }
  }

  // Says each blocking finding beside its field too: on a phone the list stands far below.
  // Fields are named as the API names them; an answer's place counts only the answers that say something.
  function mark() {
    const rows = [...form.querySelectorAll("[name^='option.']")].filter((field) => field.value.trim());
    const named = (field) => {
      const [name, at] = field.split(".");
      if (name === "options" && at !== undefined) return rows[Number(at)];
      return { question: form.elements.question, evidence: form.elements.quote }[name];
    };
    for (const note of form.querySelectorAll(".field-error")) note.remove();
    for (const field of form.querySelectorAll(".field-flaw")) {
      field.classList.remove("field-flaw");
      field.removeAttribute("aria-invalid");
      field.removeAttribute("aria-describedby");
    }
    for (const finding of place.querySelectorAll(".block")) {
      const field = named(finding.dataset.field);
      if (!field || field.classList.contains("field-flaw")) continue;
      const note = document.createElement("p");
      note.className = "field-error";
      note.id = `flaw-${field.id}`;
      note.textContent = finding.childNodes[1].textContent.trim();
      field.after(note);
      field.classList.add("field-flaw");
      field.setAttribute("aria-invalid", "true");
      field.setAttribute("aria-describedby", note.id);
    }
  }

  function later() {
    clearTimeout(waiting);
    waiting = setTimeout(check, PATIENCE);
  }

  // What was written before this file came, or what a browser put back after "Back", is checked as well.
  const changed = (field) => field.type === "radio" || field.type === "checkbox" ? field.checked !== field.defaultChecked
    : field.tagName !== "SELECT" && "defaultValue" in field && field.value !== field.defaultValue;
  form.addEventListener("input", later);
  mark();
  if ([...form.elements].some(changed)) later();
})();
