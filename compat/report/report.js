"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const faded = (hex) => hex + "73";
  const number = (value) => (value == null ? "–" : String(value));
  const tick = (value) => {
    const size = Math.abs(value);
    return size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(size.toExponential(1)[0] === "1" ? 0 : 1) : String(+value.toPrecision(6));
  };
  const axes = () => {
    const look = { stroke: colour("quiet"), grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line"), width: 1 } };
    return [look, { ...look, size: 64, values: (_, ticks) => ticks.map((value) => (value == null ? "" : tick(value))) }];
  };
  const firstDivergence = {
    hooks: {
      draw: (plot) => {
        if (data.first == null || data.first < 0) return;
        const x = plot.valToPos(data.first, "x", true);
        plot.ctx.save();
        plot.ctx.strokeStyle = colour("first");
        plot.ctx.setLineDash([6, 4]);
        plot.ctx.beginPath();
        plot.ctx.moveTo(x, plot.bbox.top);
        plot.ctx.lineTo(x, plot.bbox.top + plot.bbox.height);
        plot.ctx.stroke();
        plot.ctx.restore();
      },
    },
  };
  const heightOf = (box) => (box.classList.contains("small") ? 150 : 210);
  const common = (box) => ({
    width: box.clientWidth,
    height: heightOf(box),
    scales: { x: { time: false } },
    axes: axes(),
    cursor: { sync: { key: "iterations", scales: ["x", null] } },
    plugins: [firstDivergence],
  });
  const x = { label: "iteration", value: (_, value) => number(value) };
  const line = (label, stroke, width, extra) => ({ label, stroke, width, value: (_, value) => number(value), points: { show: false }, ...extra });
  const curve = (box, chart) =>
    new uPlot(
      { ...common(box), series: [x, line("old", faded(colour("old")), 6), line("new", colour("new"), 1.5)] },
      [chart.x, chart.old, chart.new],
      box,
    );
  const difference = (box, chart) => {
    const options = common(box);
    const values = chart.diff.filter((value) => value != null);
    const low = 10 ** Math.floor(Math.log10(Math.min(...values)));
    const high = 10 ** Math.ceil(Math.log10(Math.max(...values)) + 1e-9);
    const top = high > low ? high : low * 10;
    const decades = Math.round(Math.log10(top / low));
    const apart = Math.ceil(decades / 5);
    const splits = Array.from({ length: Math.floor(decades / apart) + 1 }, (_, i) => low * 10 ** (i * apart));
    options.scales.y = { distr: 3, range: [low, top] };
    options.axes[1] = { ...options.axes[1], splits: () => splits, filter: (_, ticks) => ticks, values: (_, ticks) => ticks.map((value) => value.toExponential(0)) };
    const points = { show: true, size: 4, fill: colour("new") };
    return new uPlot({ ...options, series: [x, line("|new − old|", colour("new"), 1, { points })] }, [chart.x, chart.diff], box);
  };
  let plots = [];
  const draw = () => {
    plots.forEach(([plot]) => plot.destroy());
    plots = [];
    document.querySelectorAll("[data-chart]").forEach((box) => plots.push([curve(box, data.charts[box.dataset.chart]), box]));
    document.querySelectorAll("[data-difference]").forEach((box) => plots.push([difference(box, data.charts[box.dataset.difference]), box]));
  };
  const fit = () => plots.forEach(([plot, box]) => plot.setSize({ width: box.clientWidth, height: heightOf(box) }));
  draw();
  addEventListener("resize", fit);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();
