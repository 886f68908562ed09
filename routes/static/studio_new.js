// Shows the questions of a new quiz as they arrive. Without this file the form posts, and the page waits for them all.
// Whatever anyone wrote goes in through textContent only.
(() => {
  "use strict";
  const form = document.querySelector("form.order");
  const file = document.getElementById("file");
  const error = document.querySelector(".errors");
  if (error) error.focus();
  if (!form || !window.ReadableStream || !window.AbortController) return;
  const box = document.getElementById("making");
  const words = JSON.parse(box.dataset.words);
  const part = (selector) => box.querySelector(selector);
  const choose = (value) => { form.querySelector(`[name=source][value=${value}]`).checked = true; };
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  let running = null;

  // A file may be dropped anywhere on the form.
  form.addEventListener("dragover", (event) => { event.preventDefault(); form.classList.add("dropping"); });
  form.addEventListener("dragleave", () => form.classList.remove("dropping"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("dropping");
    if (!event.dataTransfer.files.length) return;
    file.files = event.dataTransfer.files;
    choose("file");
  });
  for (const name of ["file", "text", "document_id"]) {
    const field = form.elements[name];
    if (field) field.addEventListener("input", () => choose(name === "text" ? "text" : "file"));
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!running) make();
  });
  part(".stop").addEventListener("click", () => running && running.abort());

  async function make() {
    running = new AbortController();
    document.getElementById("errors").replaceChildren();
    for (const selector of [".arriving", ".notes", ".help"]) part(selector).replaceChildren();
    form.hidden = true;
    box.hidden = part(".stop").hidden = false;
    part(".done").hidden = true;
    part("progress").removeAttribute("value");
    box.scrollIntoView();
    part("h2").focus({ preventScroll: true });
    try {
      await stream(await order());
    } catch (problem) {
      giveUp(problem);
    } finally {
      running = null;
      part(".stop").hidden = true;
    }
  }

  async function order() {
    const sent = new FormData(form);
    const asked = { stage: sent.get("stage"), stream: true, language: sent.get("language"), title: sent.get("title").trim() };
    for (const name of ["count", "options"]) asked[name] = Number(sent.get(name));
    if (sent.get("difficulty")) asked.difficulty = sent.get("difficulty");
    const source = sent.get("source");
    if (source === "text") asked.text = sent.get("text").trim();
    if (source === "cards") asked.topic = sent.getAll("topic").join(", ");
    if (source === "file") asked.document_id = file.files.length ? await upload() : sent.get("document_id") || missing("file");
    return asked;
  }

  async function upload() {
    say(words.make.sending);
    const body = new FormData();
    body.append("file", file.files[0]);
    const response = await fetch("/api/v1/documents", { method: "POST", body, signal: running.signal });
    const answer = await response.json();
    if (!response.ok) throw new Problem(answer);
    return answer.id;
  }

  async function stream(asked) {
    say(fill(words.make.so_far, { done: 0, of: asked.count }));
    const response = await fetch("/api/v1/quizzes", {
      method: "POST", headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
      body: JSON.stringify(asked), signal: running.signal,
    });
    if (!response.ok) throw new Problem(await response.json().catch(() => ({ status: response.status })));
    for await (const [name, data] of serverSentEvents(response.body)) {
      if (name === "error") throw new Problem(data);
      if (name === "item") arrived(data);
      if (name === "progress") note(data.note);
      if (name === "done") return finish(data, asked.count);
    }
    throw new TypeError("the stream ended without a last event");
  }

  function arrived({ item, done, of }) {
    say(fill(words.make.so_far, { done, of }));
    part("progress").max = of;
    part("progress").value = done;
    const made = item.made_by;
    const row = element("li", "");
    const stem = element("strong", item.question);
    stem.lang = item.language;
    row.append(stem, element("span", `${words.make.right_answer}: ${item.options[item.answer_index]}`),
      element("p", fill(words.made_by[made.path], made), "made"));
    part(".arriving").append(row);
  }

  function note(text) {
    const row = element("li", text);
    row.lang = "en";
    part(".notes").append(row);
  }

  function finish(quiz, wanted) {
    part(".help").replaceChildren();
    if (quiz.help) {
      part(".help").className = "help banner urgent";
      part(".help").append(...quiz.help.split("\n\n").map((text) => element("p", text)));
    }
    say(fill(words.make.ready, { done: quiz.items.length, of: wanted })
      + (quiz.short_of ? " " + fill(words.make.short, { count: quiz.short_of }) : ""));
    part("progress").value = part("progress").max;
    const link = part(".done a");
    link.href = form.dataset.review.replace("ID", quiz.id);
    part(".done").hidden = false;
    link.focus();
  }

  function giveUp(problem) {
    form.hidden = false;
    box.hidden = true;
    const summary = element("section", "", "errors");
    summary.tabIndex = -1;
    const heading = element("h2", words.title);
    const body = problem.body || {};
    const field = body.field === "document_id" ? "file" : (body.field || "").split(".")[0];
    const said = problem.name === "AbortError" ? words.make.stopped
      : !problem.body ? words.make.broke
      : words.make_error[field] || words.problem[body.code] || body.detail || words.make.broke;
    const line = document.createElement("p");
    const target = field && document.getElementById(field === "topic" ? "topics" : field);
    const link = element("a", said);
    link.href = target ? `#${target.id}` : "#source";
    line.append(link);
    summary.append(heading, line);
    if (field === "file" && body.remedy) {
      const remedy = element("p", `${body.detail} ${body.remedy}`);
      remedy.lang = "en";
      summary.append(remedy);
    }
    document.getElementById("errors").replaceChildren(summary);
    summary.focus();
  }

  class Problem extends Error {
    constructor(body) {
      super(String(body.status));
      this.body = body;
    }
  }

  function missing(field) {
    throw new Problem({ field });
  }

  function say(text) {
    part(".progress").textContent = text;
  }

  function element(name, text, kind) {
    const node = document.createElement(name);
    if (text) node.textContent = text;
    if (kind) node.className = kind;
    return node;
  }
})();
