// A picture under way: asks how far it is, says what has changed, and goes on when it has an end.
(() => {
  "use strict";
  const job = document.getElementById("job");
  const words = JSON.parse(job.dataset.words);
  const stage = job.querySelector(".stage");
  const eta = job.querySelector(".eta");
  let failures = 0;

  async function look() {
    try {
      const response = await fetch(job.dataset.job, { headers: { Accept: "application/json" } });
      if (!response.ok) throw new Error(String(response.status));
      const found = await response.json();
      failures = 0;
      if (!["queued", "running"].includes(found.state)) {
        location.reload();
        return;
      }
      show(found);
    } catch {
      failures += 1;
      if (failures === 5) say(stage, words.lost);
    }
    setTimeout(look, Math.min(1500 * (1 + failures), 15000));
  }

  function show(found) {
    say(stage, found.cancel_wanted ? words.stopping : words.stage[found.stage]);
    say(eta, found.eta_s === null ? "" : words.about.replace("{minutes}", String(Math.max(1, Math.ceil(found.eta_s / 60)))));
    for (const step of job.querySelectorAll("[data-stage]")) {
      if (step.dataset.stage === found.stage) step.setAttribute("aria-current", "step");
      else step.removeAttribute("aria-current");
    }
  }

  function say(place, text) {
    if (place.textContent !== text) place.textContent = text;
  }

  setTimeout(look, 1000);
})();
