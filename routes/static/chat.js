// Adds to the chat page what needs a script: the answer streams in, and earlier answers stay on the page.
// Whatever anyone wrote goes in through textContent only. Without this file the form posts, and the server answers.
(() => {
  "use strict";
  const form = document.getElementById("ask");
  if (!form || !window.ReadableStream || !window.AbortController || !window.SubmitEvent) return;

  const byId = (id) => document.getElementById(id);
  const pieces = byId("for-script");
  const words = JSON.parse(pieces.dataset.words);
  const piece = (selector) => document.importNode(pieces.querySelector(selector).content.firstElementChild, true);
  const button = form.querySelector("button[type=submit]");
  const box = form.elements.message;
  const label = form.querySelector("label[for=message]");
  let running = null;

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (event.submitter && event.submitter.name === "example") box.value = event.submitter.value;
    else if (running) return running.abort();
    if (!running) ask(box.value.trim());
  });

  async function ask(message) {
    clearErrors();
    if (!message) return showError("empty");
    const turn = startTurn(message);
    running = new AbortController();
    button.textContent = words.form.stop;
    button.classList.add("stop");
    const patience = setTimeout(() => {
      if (!turn.querySelector(".answer").firstChild) say(turn, words.answer.still_working);
    }, 4000);
    try {
      await stream(message, turn);
    } catch (error) {
      giveUp(turn, error);
    } finally {
      clearTimeout(patience);
      running = null;
      button.textContent = words.form.ask;
      button.classList.remove("stop");
      turn.removeAttribute("aria-busy");
    }
  }

  // Where the network drops, the same question goes out once more under the same key: the server answers it once.
  async function post(body) {
    const key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    const headers = { "Content-Type": "application/json", Accept: "text/event-stream", "Idempotency-Key": key };
    const send = () => fetch("/api/v1/chat", { method: "POST", headers, body, signal: running.signal });
    try {
      return await send();
    } catch (error) {
      if (error.name === "AbortError") throw error;
      await new Promise((ready) => setTimeout(ready, 1000));
      return send();
    }
  }

  async function stream(message, turn) {
    const asked = { message, stream: true };
    for (const name of ["stage", "conversation_id"]) if (form.elements[name].value) asked[name] = form.elements[name].value;
    if (document.documentElement.lang === "sw") asked.language = "sw";
    const response = await post(JSON.stringify(asked));
    if (!response.ok) throw new Problem(await response.json().catch(() => ({ status: response.status })));
    let text = "";
    for await (const [name, data] of serverSentEvents(response.body)) {
      if (name === "triage") showBanner(data.level);
      if (name === "error") throw new Problem(data);
      if (name === "done") return finish(turn, data);
      if (name !== "delta") continue;
      if (!text) say(turn, words.answer.writing);
      paint(turn.querySelector(".answer"), (text += data.text));
    }
    throw new TypeError("the stream ended without a last event");
  }

  class Problem extends Error {
    constructor(body) {
      super(String(body.status));
      this.body = body;
    }
  }

  function startTurn(message) {
    keepEarlier();
    byId("banner").replaceChildren();
    byId("intro").hidden = byId("examples").hidden = true;
    byId("clear").hidden = false;
    const turn = piece("[data-piece=turn]");
    turn.setAttribute("aria-busy", "true");
    turn.querySelector("q").textContent = message;
    byId("turn").append(turn);
    say(turn, words.answer.working);
    const heading = turn.querySelector("h1");
    heading.focus({ preventScroll: true });
    byId("main").scrollIntoView();
    return turn;
  }

  function keepEarlier() {
    const turn = byId("turn").firstElementChild;
    if (!turn) return;
    const kept = document.createElement("details");
    const summary = document.createElement("summary");
    summary.textContent = turn.querySelector("q").textContent;
    turn.querySelector("h1").remove();
    kept.append(summary, ...byId("banner").childNodes, turn);
    byId("earlier").querySelector("h2").after(kept);
    byId("earlier").hidden = false;
  }

  function showBanner(level) {
    if (level === "none") return;
    byId("banner").replaceChildren(piece(`[data-banner=${level}]`));
    byId("main").scrollIntoView();
  }

  // Paragraphs, lists and **bold** of an answer; all else is shown as it was written.
  function paint(place, text) {
    const blocks = text.trim().split(/\n{2,}|\n(?=[-*] )/).map((block) => {
      const item = /^[-*] /.test(block);
      const node = document.createElement(item ? "li" : "p");
      block.slice(item ? 2 : 0).split(/\*\*([^*]+)\*\*/).forEach((part, index) => {
        const run = document.createElement(index % 2 ? "strong" : "span");
        run.textContent = part;
        node.append(run);
      });
      return node;
    });
    place.replaceChildren(...blocks);
    for (const item of place.querySelectorAll(":scope > li")) {
      const before = item.previousElementSibling;
      const list = before && before.tagName === "UL" ? before : document.createElement("ul");
      if (list !== before) item.before(list);
      list.append(item);
    }
  }

  function finish(turn, reply) {
    say(turn, words.answer.ready);
    turn.querySelector(".progress").classList.add("unseen");
    turn.querySelector(".answer").lang = reply.language;
    const sources = turn.querySelector(".sources");
    sources.hidden = !reply.citations.length;
    sources.querySelector("ul").append(...reply.citations.map((citation) => source(citation, reply.language)));
    turn.querySelector(".who span").textContent = whoAnswered(reply);
    turn.querySelector(".who").hidden = false;
    const sent = turn.querySelector(".sent");
    sent.hidden = reply.provenance !== "cloud" && !reply.fell_back;
    if (!sent.hidden) sent.querySelector("a").href = `/sent/${reply.call_id}?lang=${document.documentElement.lang}`;
    form.elements.conversation_id.value = reply.conversation_id;
    label.textContent = words.form.another;
    offerConsent(reply, turn);
    if (box.value.trim() === turn.querySelector("q").textContent) box.value = ""; // not what was typed meanwhile
  }

  // The forms beneath an answer (routes/page_consents.py) wait hidden until there is a conversation to ask about.
  function offerConsent(reply, turn) {
    const level = reply.triage.level;
    const offer = (form, hidden) => {
      form.elements.conversation_id.value = reply.conversation_id;
      form.elements.message.value = turn.querySelector("q").textContent;
      form.elements.level.value = level;
      form.hidden = hidden;
    };
    const [cloud, sharing] = [byId("consent"), byId("sharing")];
    if (cloud) offer(cloud, reply.cloud_consent === "not_asked" || level === "emergency");
    offer(sharing, sharing.hidden && level !== "emergency" && level !== "urgent");
  }

  function source(citation, language) {
    const node = piece("[data-piece=source]");
    const set = (selector, text, lang) => {
      const part = node.querySelector(selector);
      part.textContent = text;
      if (lang) part.lang = lang;
      return part;
    };
    set(".title", citation.title, language);
    const link = /^https?:/.test(citation.url) ? new URL(citation.url) : null;
    if (link) node.querySelector("a").href = link.href;
    node.querySelector(".host").prepend(link ? link.hostname.replace(/^www\./, "") + " " : "");
    const review = words.review[citation.review] || citation.review;
    set(".review", review).hidden = !review;
    set("blockquote", citation.quote, language);
    node.querySelector("details").hidden = !citation.quote;
    return node;
  }

  // The same choice as routes/reply_in_words.py.
  function whoAnswered(reply) {
    let author = reply.provenance;
    if (author === "curated" && reply.triage.level === "emergency") author = "emergency";
    else if (author === "curated" && !reply.citations.some((citation) => citation.quote)) author = "no_card";
    const said = words.who[author].replace("{provider}", reply.provider).replace("{model}", reply.model);
    return reply.fell_back ? `${said} ${words.who.fell_back}` : said;
  }

  function giveUp(turn, error) {
    const begun = turn.querySelector(".answer").textContent;
    const stopped = error.name === "AbortError";
    say(turn, stopped ? words.answer.stopped : words.answer.incomplete);
    turn.classList.add("incomplete");
    if (!stopped) showError(errorKey(error));
    if (error instanceof Problem && error.body.triage) showBanner(error.body.triage.level);
    if (begun || stopped) return;
    turn.remove();
    byId("intro").hidden = !byId("earlier").hidden;
  }

  // The same choice as routes/pages.py.
  function errorKey(error) {
    if (!(error instanceof Problem)) return "no_network";
    const { code, field, status } = error.body;
    if (code === "too_long" || code === "body_too_large") return "too_long";
    if (field === "message") return "empty";
    if (field === "stage") return "stage";
    return { 400: "refused", 401: "signed_out", 403: "refused", 413: "refused", 415: "refused", 422: "refused", 429: "too_often" }[status] || "unavailable";
  }

  function showError(key) {
    const text = words.error[key].replace("{limit}", form.dataset.longest);
    const summary = piece("[data-piece=error]");
    const link = summary.querySelector("a");
    link.textContent = text;
    link.setAttribute("href", key === "signed_out" ? `/login?lang=${document.documentElement.lang}` : key === "stage" ? "#stage" : "#message");
    if (key === "signed_out") link.target = "_blank";
    byId("errors").replaceChildren(summary);
    if (["empty", "too_long", "refused"].includes(key)) {
      byId("message-error").textContent = text;
      byId("message-error").hidden = false;
      box.setAttribute("aria-invalid", "true");
    }
    summary.focus();
  }

  function clearErrors() {
    byId("errors").replaceChildren();
    byId("message-error").hidden = true;
    box.removeAttribute("aria-invalid");
  }

  function say(turn, text) {
    turn.querySelector(".progress").textContent = text;
  }

  const error = byId("errors").firstElementChild;
  const heading = byId("turn").querySelector("h1");
  if (error) error.focus();
  else if (heading) heading.focus({ preventScroll: true });
})();
