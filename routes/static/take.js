// Shows one question at a time. Without this file all questions stand on one page; the form is the same.
(() => {
  "use strict";
  const form = document.querySelector("form.take");
  const questions = form ? [...form.querySelectorAll("fieldset.question")] : [];
  const summary = document.querySelector(".errors");
  if (summary) summary.focus();
  if (questions.length < 2) return;
  const words = JSON.parse(form.dataset.words);
  const end = form.querySelector(".end");
  const bar = document.createElement("progress");
  bar.max = questions.length;
  bar.setAttribute("aria-hidden", "true"); // each question says its place in words
  form.prepend(bar);
  const paging = document.createElement("div");
  paging.className = "paging";
  const button = (text, kind, act) => {
    const node = document.createElement("button");
    node.type = "button";
    node.textContent = text;
    if (kind) node.className = kind;
    node.addEventListener("click", act);
    paging.append(node);
    return node;
  };
  const back = button(words.back, "stop", () => show(at - 1));
  const next = button(words.next, "", () => answered() && show(at + 1));
  end.before(paging);
  let at = 0;

  function show(place, focus = true) {
    at = place;
    questions.forEach((question, index) => { question.hidden = index !== at; });
    const last = at === questions.length - 1;
    back.hidden = at === 0;
    next.hidden = last;
    paging.hidden = back.hidden && next.hidden;
    end.hidden = !last;
    bar.value = at + 1;
    if (!focus) return;
    const legend = questions[at].querySelector("legend");
    legend.focus({ preventScroll: true });
    document.getElementById("main").scrollIntoView();
  }

  function answered() {
    const chosen = questions[at].querySelector(":checked");
    const wrong = questions[at].querySelector(".field-error");
    wrong.hidden = Boolean(chosen);
    if (chosen) return true;
    questions[at].setAttribute("aria-describedby", wrong.id);
    wrong.setAttribute("role", "alert");
    questions[at].querySelector("input").focus();
    return false;
  }

  form.addEventListener("change", () => { questions[at].querySelector(".field-error").hidden = true; });
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault();
    const missing = questions.findIndex((question) => !question.querySelector(":checked"));
    if (missing < 0) return void (form.dataset.sent = "yes");
    event.preventDefault();
    show(missing);
    answered();
  });
  window.addEventListener("pageshow", () => { delete form.dataset.sent; });
  for (const link of document.querySelectorAll(".errors a")) {
    link.addEventListener("click", (event) => {
      const field = document.getElementById(link.hash.slice(1));
      const place = questions.findIndex((question) => question.contains(field));
      if (place < 0) return;
      event.preventDefault();
      show(place);
      field.focus();
    });
  }
  const first = questions.findIndex((question) => !question.querySelector(":checked"));
  show(summary && first >= 0 ? first : 0, false);
})();
