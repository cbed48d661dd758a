// Curves over the cycle, free against restricted, with a cursor; and where the lost degrees went.

export const STRATEGY = { predicted: "#0072b2", closure: "#c77700", least: "#00795a" };
const RESTRICTED = { predicted: "restricted", closure: "restricted, pure chain", least: "restricted, least" };
const GREY = "#767d85";
const RED = "#b83200";

export const element = (tag, name, parent, text) => {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  parent?.append(made);
  return made;
};

export const signed = (x) => {
  const text = Math.abs(x).toFixed(1);
  return `${x < 0 && text !== "0.0" ? "−" : ""}${text}°`;
};

/** One panel: what may be shown in it, a chart, a cursor and the values under it. */
class Panel {
  constructor(echarts, parent, onSeek) {
    this.root = element("section", "hs-panel", parent);
    const head = element("header", "hs-panel-head", this.root);
    this.pick = element("select", "hs-pick", head);
    this.pick.setAttribute("aria-label", "Curve shown here");
    this.value = element("span", "hs-values", head);
    this.freeValue = element("span", "hs-free-value", this.value);
    this.nowValue = element("strong", "hs-now-value", this.value);
    this.plot = element("div", "hs-plot", this.root);
    this.canvas = element("div", "hs-chart", this.plot);
    this.cursor = element("div", "hs-cursor", this.plot);
    this.chart = echarts.init(this.canvas, null, { renderer: "canvas" });
    this.range = null;
    this.key = null;
    this.chosen = null;
    this.pick.addEventListener("change", () => {
      this.chosen = this.pick.value;
      this.range = null;
      this.draw();
      this.seek(this.at ?? 0);
    });
    const seek = (event) => {
      const box = this.plot.getBoundingClientRect();
      onSeek((100 * (event.clientX - box.left - this.style.left)) / (box.width - this.style.left - this.style.right));
    };
    this.plot.addEventListener("pointerdown", (event) => {
      this.plot.setPointerCapture(event.pointerId);
      seek(event);
    });
    this.plot.addEventListener("pointermove", (event) => event.buttons && seek(event));
  }

  /** Whether percentages are written under the panel. */
  foot(written) {
    this.written = written;
    this.cursor.style.bottom = "";
  }

  take(shown, keys, afresh, style) {
    Object.assign(this, { shown, style });
    const same = this.keys?.join() === keys.join();
    this.keys = keys;
    if (afresh || !same) {
      const labels = new Map(shown.curves.map((curve) => [curve.key, curve.label]));
      this.pick.replaceChildren(
        ...keys.map((key) => Object.assign(document.createElement("option"), { value: key, textContent: labels.get(key) })),
      );
      if (afresh || !keys.includes(this.chosen)) this.chosen = keys[0];
      else if (!same) this.chosen = keys[0];
      this.range = null;
    }
    if (!this.root.hidden) this.draw();
  }

  draw() {
    const { shown, style } = this;
    const curve = shown.curves.find((each) => each.key === this.chosen);
    this.curve = curve;
    this.pick.value = this.chosen;
    const colour = STRATEGY[shown.strategy] ?? STRATEGY.predicted;
    const known = (x) => x !== null && x !== undefined;
    const limits = [curve.limit, curve.limit_low].filter(known);
    const limitWords = (x) => x === curve.limit ? `limit ${signed(x)}` : `${curve.less} limit ${signed(-x)}`;
    const all = [...curve.free, ...curve.restricted, ...limits].filter((x) => x !== null);
    let [low, high] = [Math.min(...all), Math.max(...all)];
    if (high - low < 12) [low, high] = [0.5 * (low + high) - 6, 0.5 * (low + high) + 6];
    // while limits move the scale only grows, so that the curve moves and not the scale
    if (this.range) [low, high] = [Math.min(low, this.range[0]), Math.max(high, this.range[1])];
    this.range = [low, high];
    const foot = this.written ? style.type + 11 : 8;
    this.cursor.style.bottom = `${foot}px`;
    const room = Math.max(this.plot.clientHeight - foot - 8, 30) / (1.5 * style.type);
    const interval = [5, 10, 15, 20, 30, 40, 60, 90, 180].find((each) => (high - low) / each + 0.8 <= room) ?? 180;
    [low, high] = [interval * Math.floor((low - 0.4) / interval), interval * Math.ceil((high + 0.4) / interval)];
    const text = { color: style.ink, fontSize: style.type, fontFamily: style.font };
    const pairs = (values) => shown.percent.map((x, i) => [x, values[i]]);
    const series = (name, values, line) => ({
      name, type: "line", data: pairs(values), showSymbol: false, animation: false, silent: true, lineStyle: line,
      emphasis: { disabled: true },
    });
    this.chart.setOption(
      {
        animation: false,
        grid: { left: style.left, right: style.right, top: Math.round(0.62 * style.type), bottom: foot, outerBoundsMode: "none" },
        xAxis: {
          type: "value", min: 0, max: 100, interval: 25, axisLine: { onZero: false, lineStyle: { color: style.axis } },
          axisTick: { show: false }, splitLine: { show: false },
          axisLabel: { ...text, show: this.written, formatter: (x) => (x === 100 ? "100 %" : `${x}`), showMaxLabel: true, alignMaxLabel: "right", hideOverlap: true },
        },
        yAxis: {
          type: "value", min: low, max: high, interval,
          splitLine: { lineStyle: { color: style.grid } },
          axisLabel: { ...text, formatter: (x) => `${String(x).replace("-", "−")}°`, showMinLabel: true, showMaxLabel: true },
        },
        series: [
          series("unrestricted", curve.free, { color: GREY, width: style.line * 0.85, type: [6, 4] }),
          series("restricted", curve.restricted, { color: colour, width: style.line * 1.25 }),
          {
            type: "line", data: [], silent: true, animation: false,
            markLine: {
              symbol: "none", silent: true, animation: false,
              lineStyle: { color: RED, width: style.line * 0.7, type: "solid" },
              label: {
                ...text, color: RED, fontWeight: "bold", position: "insideEndTop",
                formatter: ({ value }) => limitWords(value).replace(".0", ""),
              },
              data: limits.map((yAxis) => ({ yAxis })),
            },
          },
        ],
      },
      { notMerge: true, lazyUpdate: false },
    );
  }

  seek(percent, between) {
    this.at = percent;
    const { left, right } = this.style ?? { left: 0, right: 0 };
    const width = this.plot.clientWidth - left - right;
    this.cursor.style.transform = `translateX(${left + (width * percent) / 100}px)`;
    if (!between || !this.curve) return;
    const [i, j, t] = between;
    const mixed = (values) => (values[i] === null || values[j] === null ? null : values[i] * (1 - t) + values[j] * t);
    const [free, now] = [mixed(this.curve.free), mixed(this.curve.restricted)];
    this.freeValue.textContent = free === null ? "" : signed(free);
    this.nowValue.textContent = now === null ? "no answer" : signed(now);
    this.nowValue.style.color = STRATEGY[this.shown.strategy] ?? STRATEGY.predicted;
  }

  resize() {
    this.chart.resize();
    if (this.shown) this.draw();
    this.seek(this.at ?? 0);
  }

  dispose() {
    this.chart.dispose();
    this.root.remove();
  }
}

export class Curves {
  constructor(echarts, parent, onSeek) {
    const key = element("div", "hs-lines", parent);
    const line = (name) => {
      const item = element("span", "hs-key", key);
      element("i", name, item);
      return element("span", "", item);
    };
    line("hs-dashed").textContent = "unrestricted";
    this.mine = line("hs-solid");
    this.root = element("div", "hs-panels", parent);
    this.panels = Array.from({ length: 4 }, () => new Panel(echarts, this.root, onSeek));
  }

  take(shown, afresh, style) {
    this.mine.textContent = RESTRICTED[shown.strategy] ?? "restricted";
    this.mine.previousSibling.style.borderColor = STRATEGY[shown.strategy] ?? STRATEGY.predicted;
    shown.panels.slice(0, 4).forEach((keys, k) => this.panels[k].take(shown, keys, afresh, style));
  }

  seek(percent, between) {
    for (const panel of this.panels) panel.seek(percent, between);
  }

  /** As many panels as there is room for, percentages under the lowest of each column. */
  resize(style) {
    this.style = style;
    for (const panel of this.panels) panel.style = style;
    const { type } = style;
    const wide = getComputedStyle(this.root).gridTemplateColumns.split(" ").length;
    const rows = Math.max(1, Math.floor((this.root.clientHeight - type) / (4.2 * type + 34)));
    const n = Math.min(4, Math.max(2, rows * wide));
    this.root.style.gridTemplateRows = `repeat(${Math.ceil(n / wide)}, minmax(0, 1fr))`;
    // of two, the hip and the lumbar spine
    const shown = n === 2 ? [0, 2] : [0, 1, 2, 3].slice(0, n);
    this.panels.forEach((panel, k) => {
      const place = shown.indexOf(k);
      panel.root.hidden = place < 0;
      panel.foot(place + wide >= n);
    });
    for (const panel of this.panels) if (!panel.root.hidden) panel.resize();
  }

  dispose() {
    for (const panel of this.panels) panel.dispose();
  }
}

const PARTS = {
  "lumbar spine": ["#d55e00", "#ffffff"], "thoracic spine": ["#e69f00", "#000000"], "trunk lean": ["#56b4e9", "#000000"],
  knee: ["#f0e442", "#000000"], "foot and ankle": ["#6f767d", "#ffffff"],
};

/** Where lost degrees went, a stacked bar a limit: what makes up for them to the right of zero, what adds to them left. */
export class Budget {
  constructor(parent) {
    this.root = element("section", "hs-budget", parent);
    this.title = element("div", "hs-budget-title", this.root);
    this.rows = element("div", "hs-budget-rows", this.root);
    this.legend = element("div", "hs-budget-legend", this.root);
    for (const [name, [colour]] of Object.entries(PARTS)) {
      const item = element("span", "hs-key", this.legend);
      element("i", "", item).style.background = colour;
      item.append(name);
    }
  }

  take(shown) {
    const most = [...shown.budget].sort((a, b) => b.lost_deg - a.lost_deg).slice(0, 2);
    this.root.classList.toggle("hs-empty", most.length === 0);
    this.title.textContent = most.length
      ? most.length === 1
        ? `Who makes up for the ${signed(most[0].lost_deg)} lost?`
        : "Who makes up for what is lost?"
      : "Nothing is lost at the hips";
    const reach = (sign) => Math.max(0, ...most.map((row) => row.parts.reduce((sum, part) => sum + Math.max(sign * part.deg, 0), 0)));
    const [below, above] = [reach(-1), reach(1)];
    const scale = 100 / Math.max(below + above, 1e-6);
    const wide = this.rows.clientWidth;
    this.rows.replaceChildren(
      ...most.map((row) => {
        const line = element("div", "hs-budget-row");
        if (most.length > 1) element("span", "hs-budget-name", line, `${row.limit}, ${signed(row.lost_deg)}`);
        const bar = element("div", "hs-budget-bar", line);
        const ends = { 1: below, "-1": below };
        for (const name of Object.keys(PARTS)) {
          const deg = row.parts.find((part) => part.name === name)?.deg ?? 0;
          if (Math.abs(deg) < 0.005) continue;
          const [colour, ink] = PARTS[name];
          const piece = element("span", "hs-piece", bar);
          const start = deg > 0 ? ends[1] : ends[-1] + deg;
          ends[Math.sign(deg)] += deg;
          Object.assign(piece.style, { left: `${start * scale}%`, width: `${Math.abs(deg) * scale}%`, background: colour, color: ink });
          piece.title = `${name}: ${signed(deg)}`;
          if (Math.abs(deg) * scale * wide > 100 * 44) piece.textContent = signed(deg);
        }
        if (below > 0.05) element("i", "hs-budget-zero", bar).style.left = `${below * scale}%`;
        return line;
      }),
    );
  }
}
