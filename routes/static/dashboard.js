// Draws the charts of the dashboard from the numbers of the table beside them. Without this file the table is all there.
(() => {
  "use strict";
  const rows = [...document.querySelectorAll("#by-day tbody tr")].reverse();
  if (!rows.length || !window.uPlot || !window.ResizeObserver) return;

  const language = document.documentElement.lang;
  const days = rows.map((row) => Date.parse(row.dataset.day + "T00:00:00Z") / 1000);
  const column = (name) => rows.map((row) => Number(row.dataset[name]));
  const day = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", timeZone: "UTC" });
  const dollars = new Intl.NumberFormat("en", { style: "currency", currency: "USD", maximumSignificantDigits: 3 });
  const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0, notation: "compact" });
  const header = (place) => document.querySelectorAll("#by-day thead th")[place].textContent;

  const kinds = {
    cost: { series: [["cost", "--chart-main", 1]], show: (value) => dollars.format(value) },
    calls: { series: [["calls", "--chart-main", 2], ["failed", "--chart-failed", 3]], show: (value) => whole.format(value) },
  };
  for (const figure of document.querySelectorAll("[data-chart]")) draw(figure, kinds[figure.dataset.chart]);

  function draw(figure, kind) {
    figure.hidden = false;
    const plot = figure.querySelector(".plot");
    const reading = document.createElement("output");
    reading.setAttribute("aria-hidden", "true"); // the table has the same, and a screen reader cannot hover
    figure.querySelector("figcaption").append(reading);
    const data = [days, ...kind.series.map(([name]) => column(name))];
    const size = () => ({ width: plot.clientWidth, height: plot.clientHeight });
    let chart;

    const options = () => {
      const ink = colour("--quiet"), line = colour("--line");
      const axis = { stroke: ink, font: "12px system-ui, sans-serif", ticks: { show: false }, grid: { stroke: line, width: 1 } };
      return {
        ...size(),
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
        padding: [8, 20, 0, 0],
        scales: { y: { range: (_, __, highest) => [0, highest > 0 ? highest * 1.08 : 1] },
                  x: { range: () => [days[0] - 43200, days[days.length - 1] + 43200] } },
        axes: [
          { ...axis, size: 26, grid: { show: false }, space: 64, incrs: [1, 2, 7, 14, 30, 60, 120, 240].map((count) => count * 86400),
            values: (_, ticks) => ticks.map((tick) => day.format(tick * 1000)) },
          { ...axis, size: 58, space: 32, values: (_, ticks) => ticks.map((tick) => kind.show(tick)) },
        ],
        series: [{}, ...kind.series.map(([, variable]) => ({
          fill: colour(variable), stroke: colour(variable), width: 0, points: { show: false },
          paths: uPlot.paths.bars({ size: [0.72, 28], radius: 0.15 }),
        }))],
        hooks: { setCursor: [read] },
      };
    };
    const read = (shown) => {
      const at = shown.cursor.idx;
      reading.textContent = at == null ? "" : [day.format(days[at] * 1000),
        ...kind.series.map(([name, , place]) => `${header(place)} ${kind.show(Number(rows[at].dataset[name]))}`)].join(" · ");
    };
    const again = () => {
      if (chart) chart.destroy();
      chart = new uPlot(options(), data, plot);
    };
    again();
    new ResizeObserver(() => chart.setSize(size())).observe(plot);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  }

  function colour(variable) {
    const probe = document.createElement("i");
    probe.style.color = `var(${variable})`;
    document.body.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  }
})();
