// The exported page: a lesson or an answer without Python, server or network. What lies between computed values is
// interpolated here; data and text are in the page. Finds `createStage`, `three` and `echarts` by these names.
const DATA = JSON.parse(document.getElementById("hx-data").textContent);
const NOTHING = -32768;
const SAID = DATA.said; // from which size on something is told: simulate.teach.said and simulate.solution
const FALLS_SHORT = 2; // the status of a frame

const made = (tag, name, parent, text) => {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text !== undefined) element.textContent = text;
  parent?.append(element);
  return element;
};
const minus = (text) => String(text).replace("-", "−");
const plain = (value) => minus(Number(value.toPrecision(6)));
const degrees = (value) => (Math.abs(value) < 9.95 ? `${Math.abs(value).toFixed(1)}°` : `${Math.abs(value).toFixed(0)}°`);
const listed = (parts) => (parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}` : parts.join(""));

/** What is lost, in words; of one direction on both sides it is named once. */
function taken(lost) {
  const sides = lost.map(({ limit }) => limit.split(" ")[0]);
  const rest = lost.map(({ limit }) => limit.slice(limit.indexOf(" ") + 1));
  if (lost.length === 2 && new Set(sides).size === 2 && sides.every((side) => ["right", "left"].includes(side)) && rest[0] === rest[1]) {
    return `${listed(lost.map((row, k) => `${degrees(row.lost_deg)} less ${sides[k]}`))} ${rest[0]}`;
  }
  return listed(lost.map((row) => `${degrees(row.lost_deg)} less ${row.limit}`));
}

/** What the pelvis does, of its four words: more of it either way, or less of what it did. */
function pelvisMoved(ways, added, free) {
  const less = added * free < 0 && Math.abs(free) >= Math.abs(added);
  return ways[(less ? 2 : 0) + (added < 0 ? 1 : 0)].replace("{}", degrees(added));
}

/** Deflated bytes in base64 as a buffer. */
async function inflated(text) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

function base64(floats) {
  const bytes = new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);
  const parts = [];
  for (let i = 0; i < bytes.length; i += 8192) parts.push(String.fromCharCode(...bytes.subarray(i, i + 8192)));
  return btoa(parts.join(""));
}

/** The answers of one step over its limits. */
class Answers {
  constructor(step, free, motion, told) {
    this.step = step;
    this.free = free;
    this.freeText = base64(free);
    this.motion = motion;
    this.told = told;
    this.axes = step.grid.axes;
    this.nodes = step.grid.nodes;
  }

  static async open(step) {
    const [free, motion, told] = await Promise.all(
      [DATA.free[step.free], step.grid.motion, step.grid.told].map((text) => inflated(text)),
    );
    return new Answers(step, new Float32Array(free), new Int16Array(motion), new Float32Array(told));
  }

  /** Nodes about some values, with their weights; without values what was asked itself. */
  corners(values) {
    if (!values) return [[this.nodes - 1, 1]];
    let found = [[0, 1]];
    this.axes.forEach(({ values: known }, a) => {
      const value = Math.min(Math.max(values[a], known[0]), known.at(-1));
      let k = known.length - 2;
      while (k > 0 && known[k] > value) k -= 1;
      const share = (value - known[k]) / (known[k + 1] - known[k]);
      const sides = [[k, 1 - share], [k + 1, share]];
      found = found.flatMap(([node, weight]) => sides.map(([i, w]) => [node * known.length + i, weight * w]));
    });
    return found.filter(([, weight]) => weight > 1e-9);
  }

  /** What simulate.teach.show gives, at some values of the limits. */
  at(values) {
    const { base } = this.step;
    const { frames, bodies, curves } = base;
    const corners = this.corners(values);
    const n = 7 * bodies.length;
    const channels = n + curves.length + 6;
    const { place, turn, angle, share } = DATA.units;
    const poses = new Float32Array(this.free);
    const now = curves.map(({ free }) => free.map(() => null));
    const shares = [0, 1, 2].map(() => new Array(frames).fill(null));
    const arcs = [0, 1].map(() => new Array(frames).fill(null));
    const status = new Array(frames).fill(0);
    for (let f = 0; f < frames; f++) {
      const start = f * channels;
      const read = (c) => corners.reduce((sum, [node, weight]) => sum + weight * this.motion[(start + c) * this.nodes + node], 0);
      if (corners.some(([node]) => this.motion[start * this.nodes + node] === NOTHING)) {
        poses.fill(NaN, f * n, f * n + n);
        continue;
      }
      const short = corners.some(([node]) => this.motion[(start + channels - 1) * this.nodes + node] === FALLS_SHORT);
      status[f] = short ? FALLS_SHORT : 1;
      for (let b = 0; b < bodies.length; b++) {
        const p = f * n + 7 * b;
        for (let k = 0; k < 3; k++) poses[p + k] += place * read(7 * b + k);
        let long = 0;
        for (let k = 3; k < 7; k++) {
          poses[p + k] += turn * read(7 * b + k);
          long += poses[p + k] ** 2;
        }
        long = Math.sqrt(long);
        for (let k = 3; k < 7; k++) poses[p + k] /= long;
      }
      curves.forEach((curve, k) => (now[k][f] = curve.free[f] + angle * read(n + k)));
      shares.forEach((values_, k) => (values_[f] = share * read(n + curves.length + k)));
      arcs.forEach((values_, k) => (values_[f] = angle * read(n + curves.length + 3 + k)));
    }
    const told = this.column(corners);
    const count = (code) => status.filter((each) => each === code).length;
    const joints = ["hip_r", "hip_l", "lumbar"];
    const shown = {
      ...base,
      free: this.freeText,
      free_id: String(this.step.free),
      shapes: DATA.shapes[base.shapes_id],
      restricted: base64(poses),
      curves: curves.map((curve, k) => ({
        ...curve, restricted: now[k], limit: told(`curve ${curve.key} limit`), limit_low: told(`curve ${curve.key} limit_low`),
      })),
      share: Object.fromEntries(joints.map((joint, k) => [joint, { free: base.share[joint].free, restricted: shares[k] }])),
      arcs: base.arcs.map((arc, k) => ({
        ...arc, extension_deg: told(`arc ${arc.side} extension_deg`), flexion_deg: told(`arc ${arc.side} flexion_deg`),
        limited: told(`arc ${arc.side} limited`) > 0.5, angle: { free: arc.angle.free, restricted: arcs[k] },
      })),
      budget: this.budget(told),
      status: { solved: count(1), shortfall: count(FALLS_SHORT), unsolved: count(0) },
      frame_status: status,
    };
    shown.summary = this.summary(shown);
    shown.shortfall = this.short(told);
    shown.headline = values ? this.headline(shown, values) : this.step.headline;
    return shown;
  }

  /** The unrestricted person alone, while a question is open. */
  before() {
    const { base } = this.step;
    return {
      ...base,
      free: this.freeText, free_id: String(this.step.free), shapes: DATA.shapes[base.shapes_id], restricted: this.freeText,
      curves: base.curves.map((curve) => ({ ...curve, restricted: curve.free, limit: null, limit_low: null })),
      share: Object.fromEntries(Object.entries(base.share).map(([joint, { free }]) => [joint, { free, restricted: free }])),
      arcs: base.arcs.map((arc) => ({
        ...arc, extension_deg: arc.free_extension_deg, flexion_deg: arc.free_flexion_deg, limited: false,
        angle: { free: arc.angle.free, restricted: arc.angle.free },
      })),
      budget: [], summary: {}, shortfall: null,
      status: { solved: base.frames, shortfall: 0, unsolved: 0 }, frame_status: new Array(base.frames).fill(1),
      headline: "The unrestricted person. What will the restriction change? Predict, then reveal.",
    };
  }

  /** Reads what belongs to a whole answer by name; null where there is none. */
  column(corners) {
    return (name) => {
      const row = this.step.grid.names.indexOf(name);
      if (row < 0) return null;
      const value = corners.reduce((sum, [node, weight]) => sum + weight * this.told[row * this.nodes + node], 0);
      return Number.isNaN(value) ? null : value;
    };
  }

  budget(told) {
    const limits = [...new Set(this.step.grid.names.filter((name) => name.startsWith("budget ")).map((name) => name.slice(7).split("|")[0]))];
    return limits
      .map((limit) => ({
        limit, lost_deg: told(`budget ${limit}|lost_deg`) ?? 0,
        parts: DATA.parts.map((name) => ({ name, deg: told(`budget ${limit}|${name}`) ?? 0 })),
      }))
      .filter(({ lost_deg }) => lost_deg > 0.01);
  }

  summary(shown) {
    const found = {};
    for (const { key, group, free, restricted } of shown.curves) {
      if (group === "hip") continue;
      let most = null;
      free.forEach((value, f) => {
        if (restricted[f] === null) return;
        const added = restricted[f] - value;
        if (most === null || Math.abs(added) > Math.abs(most.added_deg)) most = { added_deg: added, free_deg: value };
      });
      if (most !== null) found[key] = most;
    }
    return found;
  }

  short(told) {
    const goals = [...new Set(this.step.grid.names.filter((name) => name.startsWith("short ")).map((name) => name.slice(6).split("|")[0]))];
    const parts = goals.map((goal) => {
      const [mm, deg] = ["mm", "deg"].map((unit) => told(`short ${goal}|${unit}`) ?? 0);
      const far = mm < 9.95 ? `${mm.toFixed(1)} mm` : `${(mm / 10).toFixed(1)} cm`;
      const turned = deg < 0.095 ? `${deg.toFixed(2)}°` : degrees(deg);
      const by = [mm > SAID.must_mm ? far : null, deg > SAID.must_deg ? turned : null].filter(Boolean);
      return by.length ? `${goal} ${by.join(" and ")} short` : null;
    });
    return parts.filter(Boolean).join(", ") || null;
  }

  /** What an answer says, in the words of simulate.teach.said. */
  headline(shown, values) {
    const { words } = this.step;
    const added = Object.fromEntries(Object.entries(shown.summary).map(([key, { added_deg }]) => [key, added_deg]));
    let ending = shown.shortfall ? ` The task is not completed: ${shown.shortfall}.` : "";
    const { unsolved } = shown.status;
    if (unsolved) ending += ` ${unsolved} ${unsolved === 1 ? "frame has" : "frames have"} no answer.`;
    const moved = new Map(this.axes.map(({ name }, k) => [name, values[k]]));
    const limits = words.limits.map((each) => `${each.words} limited to ${plain(moved.get(each.name) ?? each.value)}°`);
    if (!Object.keys(added).length) return `No answer was found for ${words.movement} with ${listed([...limits, ...words.causes])}.`;
    const ranked = Object.keys(words.lumbar).sort((a, b) => Math.abs(added[b]) - Math.abs(added[a]));
    let told = ranked.slice(0, 2).filter((name, k) => Math.abs(added[name]) > [SAID.negligible, SAID.second][k]);
    told = told.filter((name, k) => k === 0 || Math.abs(added[name]) > SAID.of_first * Math.abs(added[told[0]]));
    const lost = shown.budget.filter((row) => row.lost_deg > SAID.negligible).sort((a, b) => b.lost_deg - a.lost_deg).slice(0, 2);
    const what = lost.length ? taken(lost) : listed(words.causes.length ? words.causes : limits.slice(0, 2));
    const start = `With ${what}, ${words.movement}`;
    if (!told.length && !lost.length && !words.causes.length) return `${start} has enough: it does not come to the limit.${ending}`;
    const pelvis = Object.keys(words.pelvis).sort((a, b) => Math.abs(added[b]) - Math.abs(added[a]))[0];
    const way = pelvisMoved(words.pelvis[pelvis], added[pelvis], shown.summary[pelvis].free_deg);
    const tipped = Math.abs(added[pelvis]) > SAID.negligible ? ` The pelvis ${way}.` : "";
    if (!told.length) return `${start} needs no more of the lumbar spine.${tipped}${ending}`;
    const more = told.map((name) => `${degrees(added[name])} more ${words.lumbar[name][added[name] < 0 ? 1 : 0]}`);
    return `${start} needs ${listed(more)}.${tipped}${ending}`;
  }
}

/** A slider with its name, value and unit. */
function slider(parent, { label, low, high, step, unit, value, digits = 1, onInput }) {
  const row = made("label", "hx-row", parent);
  const head = made("span", "hx-row-head", row);
  made("span", "", head, label);
  const output = made("output", "", head);
  const input = made("input", "", row);
  Object.assign(input, { type: "range", min: low, max: high, step, value });
  input.setAttribute("aria-label", label);
  const said = () => `${minus(Number(input.value).toFixed(digits).replace(/\.0$/, ""))}${unit === "°" ? "" : " "}${unit}`;
  const tell = () => {
    output.textContent = said();
    input.setAttribute("aria-valuetext", said());
  };
  input.addEventListener("input", () => {
    tell();
    onInput?.(Number(input.value));
  });
  const ends = made("span", "hx-ends", row);
  for (const end of [low, high]) made("span", "", ends, `${minus(end)}${unit === "°" ? "" : " "}${unit}`);
  tell();
  return { input, set: (to) => { input.value = to; tell(); } };
}

class Page {
  constructor() {
    this.at = 0;
    this.opened = new Map();
    this.guesses = new Map();
    this.updateMs = 0;
    const page = made("div", "hx-page", document.body);
    const text = made("section", "hx-text", page);
    text.setAttribute("aria-label", "Text");
    const head = made("header", "hx-head", text);
    made("h1", "", head, DATA.title);
    this.about = made("p", "", head, DATA.about);
    this.bars = made("div", "hx-steps", head);
    this.bars.setAttribute("aria-hidden", "true");
    if (DATA.steps.length > 1) for (const _ of DATA.steps) made("span", "", this.bars);
    this.scroll = made("div", "hx-scroll", text);
    const foot = made("nav", "hx-foot", text);
    foot.hidden = DATA.steps.length < 2;
    this.back = made("button", "hx-button", foot, "Back");
    this.count = made("span", "hx-quiet", foot);
    this.count.style.alignSelf = "center";
    this.next = made("button", "hx-button hx-main", foot, "Next");
    this.back.addEventListener("click", () => this.go(this.at - 1));
    this.next.addEventListener("click", () => this.go(this.at + 1));
    const host = made("main", "hx-stage", page);
    const options = {
      headline: true, camera: DATA.steps[0].camera, onProjector: (on) => document.body.classList.toggle("hx-projector", on),
      onReset: () => this.reset(),
    };
    this.stage = createStage(host, { three, echarts, options });
    this.go(0);
  }

  get step() {
    return DATA.steps[this.at];
  }

  /** Whether the question of this step waits for a prediction. */
  get open() {
    return Boolean(this.step.question) && !this.guesses.has(this.at);
  }

  async answers(at) {
    if (!this.opened.has(at)) this.opened.set(at, Answers.open(DATA.steps[at]));
    return this.opened.get(at);
  }

  async go(at) {
    if (at < 0 || at >= DATA.steps.length) return;
    this.at = at;
    this.values = null;
    this.write();
    this.scroll.scrollTop = 0;
    await this.show(true);
  }

  reset() {
    this.values = null;
    this.step.grid.axes.forEach((axis, k) => this.moved?.[k]?.set(axis.begins));
    this.show(false);
  }

  async show(afresh) {
    const { at } = this;
    const answers = await this.answers(at);
    if (at !== this.at) return;
    const began = performance.now();
    this.shown = this.open ? answers.before() : answers.at(this.values);
    this.stage.show(this.shown);
    this.updateMs = performance.now() - began;
    if (!afresh) return;
    const { camera, highlight, at: place } = this.step;
    this.stage.camera(camera);
    this.stage.highlight?.(highlight);
    if (place === null) this.stage.play();
    else {
      this.stage.pause();
      this.stage.seek(place);
    }
  }

  write() {
    const { step, at } = this;
    this.scroll.replaceChildren();
    [...this.bars.children].forEach((bar, k) => (bar.className = k === at ? "hx-here" : k < at ? "hx-done" : ""));
    this.count.textContent = `${at + 1} of ${DATA.steps.length}`;
    this.back.disabled = at === 0;
    this.next.disabled = at + 1 >= DATA.steps.length;
    made("h2", "hx-title", this.scroll, step.title).tabIndex = -1;
    made("div", "hx-prose", this.scroll).innerHTML = step.html; // made safe when the page was made
    if (step.question) this.ask();
    if (!this.open) {
      if (step.closing) made("div", "hx-prose", this.scroll).innerHTML = step.closing;
      this.limits();
    }
    if (at + 1 === DATA.steps.length) this.sources();
    this.exactness();
  }

  ask() {
    const { question } = this.step;
    const box = made("div", "hx-box hx-question", this.scroll);
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", "Question");
    made("p", "hx-ask", box, question.ask);
    if (!this.open) return this.verdict(box, question, this.guesses.get(this.at));
    const middle = question.low + question.step * Math.round((question.high - question.low) / question.step / 2);
    const { input } = slider(box, { label: "Your prediction", ...question, value: middle });
    const reveal = made("button", "hx-button hx-reveal", box, "Reveal");
    reveal.addEventListener("click", () => {
      this.guesses.set(this.at, Number(input.value));
      this.write();
      this.scroll.querySelector(".hx-answer")?.focus();
      this.show(true);
    });
    return undefined;
  }

  verdict(box, question, guess) {
    const said = (value) => `${minus((Math.round(10 * value) / 10 + 0).toString())}${question.unit === "°" ? "" : " "}${question.unit}`;
    const place = (value) => `${(100 * Math.min(Math.max((value - question.low) / (question.high - question.low), 0), 1)).toFixed(2)}%`;
    const told = made("p", "hx-answer", box, `The model says ${said(question.answer)}`);
    told.tabIndex = -1;
    told.setAttribute("role", "status");
    const off = question.answer - guess;
    const near = Math.abs(off) <= Math.max(question.step, 0.05 * (question.high - question.low));
    const words = near ? "about right" : `${said(Math.abs(off))} too ${off > 0 ? "little" : "much"}`;
    made("p", "hx-guess", box, `Your prediction: ${said(guess)}, ${words}`);
    const scale = made("div", "hx-scale", box);
    scale.setAttribute("aria-hidden", "true");
    made("i", "hx-mark-guess", scale).style.left = place(guess);
    made("i", "hx-mark-answer", scale).style.left = place(question.answer);
    const ends = made("div", "hx-ends", box);
    for (const end of [question.low, question.high]) made("span", "", ends, said(end));
    const key = made("div", "hx-key", box);
    for (const [name, text] of [["hx-mark-guess", "you"], ["hx-mark-answer", "model"]]) {
      const item = made("span", "", key);
      made("i", name, item);
      item.append(text);
    }
  }

  limits() {
    const { axes } = this.step.grid;
    const box = made("div", "hx-box hx-sliders", this.scroll);
    made("h3", "", box, axes.length > 1 ? "Try other limits" : "Try another limit");
    this.moved = axes.map((axis, k) =>
      slider(box, {
        label: axis.label, low: axis.low, high: axis.high, step: 0.5, unit: "°", value: axis.begins,
        onInput: (value) => {
          this.values ??= axes.map((each) => each.begins);
          this.values[k] = value;
          this.queue();
        },
      }),
    );
    for (const { input } of this.moved) input.dataset.limit = axes[this.moved.findIndex((each) => each.input === input)].name;
    const again = made("button", "hx-button", box, "Reset");
    again.style.marginTop = "8px";
    again.addEventListener("click", () => this.reset());
  }

  /** However fast a slider moves, only the newest value is drawn. */
  queue() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(async () => {
      await this.show(false);
      this.waiting = false;
    });
  }

  sources() {
    if (!DATA.sources.length) return;
    const fold = made("details", "", this.scroll);
    made("summary", "", fold, "Sources");
    const list = made("ul", "", fold);
    for (const { text, url } of DATA.sources) {
      const item = made("li", "", list);
      if (!url) item.textContent = text;
      else Object.assign(made("a", "", item, text), { href: url, target: "_blank", rel: "noopener noreferrer" });
    }
  }

  exactness() {
    const fold = made("details", "", this.scroll);
    fold.dataset.part = "exactness";
    made("summary", "", fold, "How exact this is, and where it comes from");
    const list = made("ul", "", fold);
    const { exactness } = this.step;
    made("li", "", list, exactness);
    for (const text of [...this.step.notices, ...DATA.made]) made("li", "", list, text);
  }

  /** For tests: what is shown now. */
  state() {
    const { headline, summary } = this.shown ?? {};
    return { at: this.at, open: this.open, values: this.values, headline, summary, updateMs: this.updateMs, stage: this.stage.state() };
  }
}

try {
  if (!("DecompressionStream" in window)) throw new Error("this browser is too old: it cannot unpack the data of this page");
  window.hipspine = new Page();
} catch (error) {
  document.body.replaceChildren();
  made("p", "hx-trouble", document.body, `This page cannot be shown: ${error.message}`);
  console.error(error);
}
