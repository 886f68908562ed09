// The queue's clocks go on between loads, and the list is fetched anew every half minute. Without a script: load again.

"use strict";

const EVERY = 30_000;
const queue = document.getElementById("queue");

function tick() {
  const ahead = Date.now() - opened;
  for (const clock of queue.querySelectorAll(".clock[data-at]")) {
    const minutes = Math.floor((served + ahead - Date.parse(clock.dataset.at)) / 60_000);
    clock.textContent = clock.textContent.replace(/[\d,]+/, Math.max(0, minutes).toLocaleString("en"));
  }
}

async function renew() {
  if (document.hidden || queue.contains(document.activeElement)) return;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("queue");
  if (!page || queue.contains(document.activeElement)) return;
  queue.replaceChildren(...page.childNodes);
  served = Date.parse(page.dataset.now);
  opened = Date.now();
}

let served = Date.parse(queue.dataset.now);  // the server's clock: a phone's may be wrong
let opened = Date.now();
setInterval(() => { tick(); renew(); }, EVERY);
