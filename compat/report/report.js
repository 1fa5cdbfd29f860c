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
  const heat = data.heat;
  const heatBox = document.getElementById("heat");
  const spot = { row: 0, column: 0 };
  const axis = 18; // under the map, for the iterations
  let drawn, mark = () => {}; // the map as drawn, and drawing it again with the cell that has the focus
  let margin = 0; // left of it, for the names, where there is room
  const heatColour = (code) => {
    if (code === 1) return colour("unknown");
    const share = Math.min(1, (code - 2) / 40);
    return `hsl(${55 - 55 * share} ${90 - 10 * share}% ${60 - 20 * share}%)`;
  };
  const say = () => {
    const code = heat.cells[spot.row][spot.column];
    const from = heat.columns[spot.column];
    const to = (heat.columns[spot.column + 1] ?? from + 1) - 1;
    const what = code == null ? "not in both runs" : code === 0 ? "equal" : code === 1 ? "differs, distance not recorded" : code >= 66 ? "a number against NaN, or infinitely far" : `less than ${2 ** (code - 2)} ULP`;
    document.getElementById("cell").textContent = `${heat.rows[spot.row]}, iteration ${from === to || to < from ? from : `${from} to ${to}`}: ${what}`;
  };
  const drawHeat = () => {
    if (!heat) return;
    const canvas = heatBox.firstElementChild;
    const ratio = window.devicePixelRatio || 1;
    const tall = Math.max(4, Math.min(18, 640 / heat.rows.length));
    const height = tall * heat.rows.length;
    canvas.width = heatBox.clientWidth * ratio;
    canvas.height = (height + axis) * ratio;
    canvas.style.height = `${height + axis}px`;
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.font = "11px system-ui, sans-serif";
    margin = heatBox.clientWidth < 600 || tall < 11 ? 0 : Math.min(heatBox.clientWidth / 3, 12 + Math.max(...heat.rows.map((name) => pen.measureText(name).width)));
    heatBox.dataset.margin = margin;
    const width = heatBox.clientWidth - margin;
    pen.fillStyle = colour("quiet");
    if (margin) heat.rows.forEach((name, row) => pen.fillText(name, 4, (row + 0.5) * tall + 4, margin - 8));
    const wide = width / heat.columns.length;
    const every = Math.max(1, Math.ceil(heat.columns.length / Math.max(2, width / 80)));
    for (let column = 0; column < heat.columns.length; column += every) pen.fillText(String(heat.columns[column]), margin + column * wide + 2, height + axis - 4);
    pen.translate(margin, 0);
    heat.cells.forEach((line, row) =>
      line.forEach((code, column) => {
        if (!code) return;
        pen.fillStyle = heatColour(code);
        pen.fillRect(column * wide, row * tall, Math.ceil(wide), Math.max(1, tall - 1));
      }),
    );
    if (data.first != null && data.first >= 0) {
      const at = heat.columns.findLastIndex((from) => from <= data.first);
      pen.strokeStyle = colour("first");
      pen.setLineDash([6, 4]);
      pen.beginPath();
      pen.moveTo(at * wide, 0);
      pen.lineTo(at * wide, height);
      pen.stroke();
      pen.setLineDash([]);
    }
    drawn = document.createElement("canvas");
    drawn.width = canvas.width;
    drawn.height = canvas.height;
    drawn.getContext("2d").drawImage(canvas, 0, 0);
    mark = () => {
      pen.save();
      pen.setTransform(1, 0, 0, 1, 0, 0);
      pen.clearRect(0, 0, canvas.width, canvas.height);
      pen.drawImage(drawn, 0, 0);
      pen.restore();
      if (document.activeElement !== heatBox) return;
      pen.strokeStyle = colour("ink");
      pen.lineWidth = 2;
      pen.strokeRect(spot.column * wide, spot.row * tall, Math.max(4, wide), tall);
    };
    mark();
  };
  if (heat) {
    const limit = (value, most) => Math.max(0, Math.min(most - 1, value));
    const point = (event) => {
      const box = heatBox.getBoundingClientRect();
      const across = (event.clientX - box.left - margin) / (box.width - margin);
      spot.column = limit(Math.floor(across * heat.columns.length), heat.columns.length);
      spot.row = limit(Math.floor(((event.clientY - box.top) / (box.height - axis)) * heat.rows.length), heat.rows.length);
      say();
    };
    heatBox.addEventListener("pointermove", point);
    heatBox.addEventListener("click", point);
    heatBox.addEventListener("focus", () => { say(); mark(); });
    heatBox.addEventListener("blur", () => mark());
    heatBox.addEventListener("keydown", (event) => {
      const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
      if (!move) return;
      event.preventDefault();
      spot.row = limit(spot.row + move[0], heat.rows.length);
      spot.column = limit(spot.column + move[1], heat.columns.length);
      say();
      mark();
    });
  }
  let plots = [];
  const draw = () => {
    plots.forEach(([plot]) => plot.destroy());
    plots = [];
    document.querySelectorAll("[data-chart]").forEach((box) => plots.push([curve(box, data.charts[box.dataset.chart]), box]));
    drawHeat();
    document.querySelectorAll("[data-difference]").forEach((box) => plots.push([difference(box, data.charts[box.dataset.difference]), box]));
  };
  const fit = () => {
    plots.forEach(([plot, box]) => plot.setSize({ width: box.clientWidth, height: heightOf(box) }));
    drawHeat();
  };
  draw();
  addEventListener("resize", fit);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();
