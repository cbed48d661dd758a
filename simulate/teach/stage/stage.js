// The stage: a figure in three dimensions, its curves, the budget and the playback bar. One front end for the live page
// and for the exported one.
//
//   import { createStage } from "./stage.js";
//   const stage = createStage(element, { three: { THREE, OrbitControls }, echarts, options });
//   stage.show(shown);        // what simulate.teach.show returns, as JSON
//
// `options` (all may be left out): headline (true: the stage shows it too), onReset(), onCamera(name), onProjector(on), onGhost(on), onFrame(percent), camera, speed,
// playing, keyboard (false: the host listens). Nothing is fetched.
import { Budget, Curves, element, signed } from "./curves.js";
import { Arc, Figure, colourAt, decoded } from "./figure.js";
import { SPEEDS, curveStyle, drawnInSoftware, layOut, pressed } from "./layout.js";
import { CAMERAS, View, World } from "./world.js";

const SEAM = 0.03; // share of a cycle in which its end passes into its start, when it is played
const HOLD = 0.7; // a movement that does not end as it began is held so long at its end [s]
const STILL = 250; // [ms]
const JOINTS = { hip_r: "joint_hip_r", hip_l: "joint_hip_l", lumbar: "joint_lumbar" };
export function createStage(host, { three, echarts, options = {} }) {
  return new Stage(host, three, echarts, options).door();
}

class Stage {
  constructor(host, three, echarts, options) {
    const { THREE, OrbitControls } = three;
    Object.assign(this, { THREE, options, shown: null, cursor: 0, lap: 0, held: 0 });
    this.playing = options.playing ?? !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.speed = options.speed ?? 0.5;
    this.ghostOn = true;
    this.projectorOn = false;
    this.stats = { fps: 0, shown: 0, updateMs: 0, drawn: 0 };
    layOut(this, host);
    // without a GPU smoothing costs as much as drawing: then moving pictures go without, still ones are drawn finer
    this.soft = drawnInSoftware();
    THREE.ColorManagement.enabled = false;
    this.renderer = this.makeRenderer();
    this.ratio = Math.min(window.devicePixelRatio || 1, this.soft ? 1 : 2);
    this.fine = false;
    this.world = new World(THREE);
    this.view = new View(THREE, OrbitControls, this.canvas);
    this.view.controls.addEventListener("change", () => (this.dirty = true));
    this.person = new Figure(THREE);
    this.ghost = new Figure(THREE, { ghost: true });
    this.scenes = { person: new THREE.Scene(), ghost: new THREE.Scene() };
    this.scenes.person.add(this.person.root);
    this.scenes.ghost.add(this.ghost.root);
    this.arcs = ["r", "l"].map((side) => new Arc(THREE, side));
    this.curves = new Curves(echarts, this.side, (percent) => this.seek(percent));
    this.budget = new Budget(this.side);
    this.listen();
    this.fitted = false;
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.root);
    this.observer.observe(this.viewBox);
    this.resize();
    this.setPlaying(this.playing);
    this.setSpeed(this.speed);
    this.last = performance.now();
    this.loop = (now) => {
      this.frame(now);
      this.request = requestAnimationFrame(this.loop);
    };
    this.request = requestAnimationFrame(this.loop);
  }

  /** What draws the figure; null where the browser cannot: the rest of the stage does without. */
  makeRenderer() {
    const { THREE, canvas } = this;
    try {
      const renderer = new THREE.WebGLRenderer({ canvas, antialias: !this.soft, powerPreference: "high-performance" });
      renderer.autoClear = false;
      // colours are written as they are shown
      renderer.outputColorSpace = THREE.LinearSRGBColorSpace;
      canvas.addEventListener("webglcontextrestored", () => (this.dirty = true));
      return renderer;
    } catch (fault) {
      console.warn("stage: no figure without WebGL", fault);
      element("div", "hs-no-answer", this.viewBox, "This browser draws no 3-D figure (WebGL is off)");
      return null;
    }
  }

  /** What the host may call. */
  door() {
    return {
      show: (shown) => this.show(shown),
      play: () => this.setPlaying(true),
      pause: () => this.setPlaying(false),
      seek: (percent) => this.seek(percent),
      speed: (factor) => this.setSpeed(factor),
      camera: (name) => this.setCamera(name),
      projector: (on) => this.setProjector(on),
      ghost: (on) => this.setGhost(on),
      highlight: (what) => this.highlight(what),
      state: () => this.state(),
      dispose: () => this.dispose(),
    };
  }

  // ---- what is shown

  show(shown) {
    const began = performance.now();
    const before = this.shown;
    const afresh = !before || before.task !== shown.task || before.span !== shown.span;
    const free = shown.free ?? (before?.free_id === shown.free_id ? before.free : null);
    const shapes = shown.shapes ?? (before?.shapes_id === shown.shapes_id ? before.shapes : null);
    if (!free || !shapes) throw new Error("stage: the first answer of a task must hold free and shapes");
    this.shown = { ...shown, free, shapes };
    if (before?.free_id !== shown.free_id) this.free = decoded(free);
    this.restricted = decoded(shown.restricted);
    if (before?.shapes_id !== shown.shapes_id) {
      this.person.build(shown.bodies, shapes);
      this.ghost.build(shown.bodies, shapes);
      for (const arc of this.arcs) this.person.bodies.get("pelvis").add(arc.group);
    }
    if (before?.free_id !== shown.free_id) {
      this.world.furnish(shown.scenery);
      this.frameFigure();
      this.lap = 0;
      this.cursor = Math.min(this.cursor, 100);
    }
    this.arcs.forEach((arc) => arc.take(shown.arcs.find((each) => each.side === arc.side)));
    this.labels.forEach((label, k) => {
      const arc = this.arcs[k].arc;
      label.hidden = !arc.limited;
      const extends_ = arc.extension_deg - arc.free_extension_deg >= arc.free_flexion_deg - arc.flexion_deg;
      const at = extends_ ? arc.zero_deg - arc.extension_deg : arc.flexion_deg - arc.zero_deg;
      label.textContent = `${extends_ ? "extension" : "flexion"} limit ${signed(at).replace(".0", "")}`;
    });
    const mirror = shown.panels[0][0].endsWith("_l");
    if (mirror !== this.view.mirror) {
      this.view.mirror = mirror;
      if (["side", "three-quarter"].includes(this.view.name)) this.view.preset(this.view.name, afresh);
    }
    this.same = this.differs() < 1e-4;
    this.curves.take(this.shown, afresh, this.style);
    this.budget.take(this.shown);
    this.headline.textContent = shown.headline;
    this.headline.classList.toggle("hs-short", Boolean(shown.shortfall) || shown.status.unsolved > 0);
    this.title.textContent = shown.title;
    this.showProof();
    if (afresh) {
      this.showEvents();
      this.resize();
    }
    this.seek(this.cursor, false);
    this.stats.updateMs = performance.now() - began;
    this.stats.shown += 1;
  }

  /** How far the restricted figure is from the free one at most. [m] */
  differs() {
    let most = 0;
    for (let i = 0; i < this.free.length; i++) {
      const d = Math.abs(this.free[i] - this.restricted[i]);
      if (d > most) most = d;
    }
    return most;
  }

  /** Where over the cycle the task falls short, or has no answer. */
  showProof() {
    const { frame_status: status, percent, shortfall, status: counts } = this.shown;
    const lost = counts.unsolved ? `${counts.unsolved} of ${status.length} frames without an answer` : "";
    this.shortfall.textContent = [shortfall && `Not completed: ${shortfall}`, lost].filter(Boolean).join(". ");
    this.shortfall.hidden = !this.shortfall.textContent;
    const stops = [];
    status.forEach((code, i) => {
      const colour = { 0: "#7d1700", 2: "#e69f00" }[code] ?? "transparent";
      const from = i ? 0.5 * (percent[i - 1] + percent[i]) : 0;
      const to = i < status.length - 1 ? 0.5 * (percent[i] + percent[i + 1]) : 100;
      const last = stops[stops.length - 1];
      if (last?.colour === colour) last.to = to;
      else stops.push({ colour, from, to });
    });
    const whole = stops.every(({ colour }) => colour === "transparent");
    const parts = stops.map(({ colour, from, to }) => `${colour} ${from}% ${to}%`);
    this.proof.style.background = whole ? "none" : `linear-gradient(90deg, ${parts.join(", ")})`;
    this.proof.title = this.shortfall.textContent;
  }

  showEvents() {
    this.events.replaceChildren();
    for (const { at, name } of this.shown.events) {
      const short = name.replace("right", "R").replace("left", "L").replace(" foot", "").replace("strikes", "strike");
      const mark = element("span", "hs-event", this.events, short);
      mark.title = name;
      mark.style.left = `${at}%`;
      if (at < 4) mark.classList.add("hs-event-first");
    }
  }

  /** Look at the whole figure, and what it lies or sits on, as it is followed over all frames. */
  frameFigure() {
    const { scenery, bodies, frames } = this.shown;
    const [c, s] = [Math.cos(-scenery.heading), Math.sin(-scenery.heading)];
    const seen = ([x, y, z], [fx, fz]) => [c * (x - fx) + s * (z - fz), y - scenery.ground, -s * (x - fx) + c * (z - fz)];
    const points = [];
    for (let f = 0; f < frames; f += Math.max(1, frames >> 5)) {
      const about = this.follow(f, f, 0);
      for (let b = 0; b < bodies.length; b++) {
        const p = 7 * (f * bodies.length + b);
        points.push(seen(this.free.slice(p, p + 3), about));
      }
      points.push(seen(this.placeOn("thorax", this.shown.head_top, f), about));
      for (const side of ["r", "l"]) points.push(seen(this.placeOn(`forearm_${side}`, [0, -0.4, 0], f), about));
    }
    for (const { centre, size } of scenery.boxes) {
      for (const x of [-0.5, 0.5]) {
        for (const z of [-0.5, 0.5]) {
          points.push(seen([centre[0] + x * size[0], centre[1] + 0.5 * size[1], centre[2] + z * size[2]], scenery.start));
        }
      }
    }
    this.view.fit(points);
    this.view.preset(this.options.camera ?? this.view.name, true);
    this.options.camera = undefined;
    this.markCamera();
  }

  /** Where a place on a body of the unrestricted person is in a frame. */
  placeOn(body, place, f) {
    const p = 7 * (f * this.shown.bodies.length + this.shown.bodies.indexOf(body));
    const [x, y, z, ...turn] = this.free.slice(p, p + 7);
    return new this.THREE.Vector3(...place).applyQuaternion(new this.THREE.Quaternion(...turn))
      .add(new this.THREE.Vector3(x, y, z)).toArray();
  }

  /** Where along X and Z the picture's middle is, between two frames. */
  follow(i, j, t) {
    const { scenery, percent, span, bodies } = this.shown;
    if (span === "gait cycle") {
      const along = (percent[i] * (1 - t) + percent[j] * t) / 100;
      return [0, 1].map((k) => scenery.start[k] + scenery.travel[k] * along);
    }
    if (this.shown.task !== "turn") return scenery.start;
    const [p, q] = [7 * i * bodies.length, 7 * j * bodies.length];
    return [0, 2].map((k) => this.free[p + k] * (1 - t) + this.free[q + k] * t);
  }

  // ---- time

  /** The two frames about a percentage, and where between them. */
  between(at) {
    const { percent, frames } = this.shown;
    if (at > 100) return [frames - 1, 0, (at - 100) / (100 * SEAM)];
    let [a, b] = [0, frames - 1];
    while (b - a > 1) {
      const middle = (a + b) >> 1;
      if (percent[middle] <= at) a = middle;
      else b = middle;
    }
    const wide = percent[b] - percent[a];
    return [a, b, wide > 0 ? Math.min(Math.max((at - percent[a]) / wide, 0), 1) : 0];
  }

  seek(percent, byHand = true) {
    if (byHand) {
      percent = Math.min(Math.max(percent, 0), 100);
      this.held = 0;
    }
    this.cursor = percent;
    if (!this.shown) return;
    const [i, j, t] = this.between(percent);
    const { shown } = this;
    const there = this.person.pose(this.restricted, i, j, t);
    this.noAnswer.hidden = there;
    this.ghost.pose(this.free, i, j, t);
    this.ghost.root.visible = this.ghostOn && !this.same;
    const mixed = (values) => {
      const [a, b] = [values[i], values[j]];
      return a === null || b === null ? NaN : a * (1 - t) + b * t;
    };
    const shares = {};
    for (const [joint, name] of Object.entries(JOINTS)) {
      shares[joint] = mixed(shown.share[joint].restricted);
      this.person.colour(name, shares[joint]);
      const { dot, value } = this.shareOf[joint];
      dot.style.background = colourAt(shares[joint]);
      value.textContent = Number.isFinite(shares[joint]) ? `${Math.round(100 * shares[joint])} %` : "–";
    }
    for (const arc of this.arcs) {
      const limit = shares[`hip_${arc.side}`] > 0.995;
      arc.turn(mixed(arc.arc.angle.restricted), mixed(arc.arc.angle.free), limit, this.ghostOn && !this.same);
    }
    this.settle(i, j, t, Math.min(percent, 100));
    const shownPercent = Math.min(percent, 100);
    this.curves.seek(shownPercent, [i, j, t]);
    this.scrub.value = shownPercent;
    this.place.textContent = `${Math.round(shownPercent)} % of the ${shown.span === "gait cycle" ? "cycle" : "movement"}`;
    this.dirty = true;
    if (byHand) this.options.onFrame?.(shownPercent);
  }

  /** Put the figures where they are seen, and the ground under them. */
  settle(i, j, t, percent) {
    const { scenery, seconds } = this.shown;
    let [fx, fz] = this.follow(i, j, t);
    const seam = j < i;
    let offset;
    if (seam) {
      // from the end of one cycle to the start of the next, each about its own middle
      const [a, b] = [this.follow(i, i, 0), this.follow(j, j, 0)];
      [fx, fz] = a.map((x, k) => x * (1 - t) + b[k] * t);
      offset = a;
    } else offset = [fx, fz];
    const run = this.lap + percent / 100;
    const ground = offset.map((x, k) => x + this.lap * scenery.travel[k] - run * seconds * scenery.belt[k]);
    const turn = -scenery.heading;
    const [c, s] = [Math.cos(turn), Math.sin(turn)];
    for (const root of [this.person.root, this.ghost.root, this.world.room, this.world.hidden]) {
      root.rotation.y = turn;
      root.position.set(-(c * fx + s * fz), -scenery.ground, s * fx - c * fz);
    }
    this.world.uniforms.turn.value = turn;
    this.world.uniforms.offset.value.set(ground[0] % 100, ground[1] % 100);
    this.person.root.updateMatrixWorld(true);
    const shade = this.world.uniforms.shade.value;
    const names = ["foot_r", "foot_l", "toes_r", "toes_l", "pelvis"];
    names.forEach((name, k) => {
      const e = this.person.bodies.get(name).matrixWorld.elements;
      const height = Math.max(e[13] - (k < 4 ? 0.06 : 0.9), 0);
      const wide = k < 4 ? 0.11 + 0.5 * height : 0.42;
      shade[k].set(e[12], e[14], scenery.table && k < 4 ? 0.35 : wide);
    });
  }

  advance(seconds) {
    const { shown } = this;
    const step = (100 * seconds * this.speed) / shown.seconds;
    if (shown.span === "gait cycle") {
      let next = this.cursor + step;
      while (next >= 100 * (1 + SEAM)) {
        next -= 100 * (1 + SEAM);
        this.lap += 1;
      }
      return this.seek(next, false);
    }
    if (this.cursor < 100) return this.seek(Math.min(this.cursor + step, 100), false);
    this.held += seconds;
    if (shown.loops || this.held > HOLD) {
      this.held = 0;
      this.seek(0, false);
    }
    return undefined;
  }

  frame(now) {
    const seconds = Math.min((now - this.last) / 1000, 0.25);
    if (this.playing && this.shown && seconds > 0) {
      this.stats.fps = this.stats.fps ? 0.9 * this.stats.fps + 0.1 / Math.max((now - this.last) / 1000, 1e-3) : 10;
      this.advance(seconds);
      if (seconds > 0.001) this.easeQuality(now - this.last);
    }
    this.last = now;
    if (this.view.step(now)) this.dirty = true;
    if (!this.shown) return;
    if (this.dirty) {
      if (this.fine) this.refine(false);
      this.still = now;
      this.draw();
    } else if (this.soft && !this.fine && now - this.still > STILL) {
      this.refine(true);
      this.draw();
    }
  }

  /** More pixels for a picture that stands still, fewer for one that moves. */
  refine(on) {
    this.fine = on;
    this.renderer?.setPixelRatio(on ? Math.max(2, this.ratio) : this.ratio);
  }

  /** Fewer pixels where drawing is slow: told by how long frames take while the figure moves. */
  easeQuality(ms) {
    this.slow = 0.9 * (this.slow ?? ms) + 0.1 * ms;
    this.counted = (this.counted ?? 0) + 1;
    if (this.counted < 20 || this.slow < 80 || this.ratio <= 0.5) return;
    this.ratio = Math.max(0.5, this.ratio * 0.8);
    this.counted = 0;
    this.resize();
  }

  draw() {
    const { renderer, scenes, world, view } = this;
    this.dirty = false;
    if (!renderer) return;
    renderer.setClearColor(world.uniforms.back.value, 1);
    renderer.clear();
    renderer.render(world.scene, view.camera);
    if (this.ghost.root.visible) {
      renderer.render(scenes.ghost, view.camera);
      // the ghost stays behind the person, whoever is nearer
      renderer.clearDepth();
      renderer.render(world.occluders, view.camera);
    }
    renderer.render(scenes.person, view.camera);
    this.placeLabels();
    this.stats.drawn += 1;
  }

  placeLabels() {
    const taken = [];
    const near = (arc) => arc.group.getWorldPosition(new this.THREE.Vector3()).distanceTo(this.view.camera.position);
    const nearestFirst = [...this.arcs].sort((a, b) => near(a) - near(b));
    nearestFirst.forEach((arc) => {
      const label = this.labels[this.arcs.indexOf(arc)];
      if (label.hidden) return;
      const at = arc.group.localToWorld(arc.tip.clone()).project(this.view.camera);
      const [x, y] = [(0.5 + 0.5 * at.x) * this.viewBox.clientWidth, (0.5 - 0.5 * at.y) * this.viewBox.clientHeight];
      const aside = arc.group.localToWorld(arc.tip.clone().setX(arc.tip.x + 0.2 * arc.outward)).project(this.view.camera);
      const by = aside.x < at.x ? "-100%" : "0";
      const inside = Math.min(Math.max(x, by === "0" ? 0 : label.offsetWidth), this.viewBox.clientWidth - (by === "0" ? label.offsetWidth : 0));
      label.style.transform = `translate(${inside}px, ${y}px) translate(${by}, -20%)`;
      const left = by === "0" ? inside : inside - label.offsetWidth;
      const covered = taken.some(([l, r, h]) => Math.abs(h - y) < label.offsetHeight && left < r && left + label.offsetWidth > l);
      label.style.opacity = this.person.root.visible && at.z < 1 && !covered ? 1 : 0;
      taken.push([left, left + label.offsetWidth, y]);
    });
  }

  // ---- what is chosen

  setPlaying(on) {
    this.playing = on;
    this.playButton.textContent = on ? "❚❚" : "►";
    this.playButton.title = on ? "Pause (space)" : "Play (space)";
    this.playButton.setAttribute("aria-label", on ? "Pause" : "Play");
    this.stats.fps = 0;
  }

  setSpeed(speed) {
    this.speed = speed;
    if (!SPEEDS.includes(speed) && ![...this.speedPick.options].some((each) => Number(each.value) === speed)) {
      this.speedPick.append(Object.assign(document.createElement("option"), { value: speed, textContent: `${speed} ×` }));
    }
    this.speedPick.value = String(speed);
  }

  setCamera(name) {
    if (!CAMERAS.includes(name)) throw new Error(`stage: unknown camera "${name}"; known: ${CAMERAS.join(", ")}`);
    this.view.preset(name);
    this.markCamera();
    this.options.onCamera?.(name);
  }

  markCamera() {
    for (const button of this.cameraButtons) {
      button.setAttribute("aria-pressed", String(button.dataset.camera === this.view.name));
    }
  }

  setGhost(on) {
    this.ghostOn = Boolean(on);
    this.ghostButton.setAttribute("aria-pressed", String(this.ghostOn));
    this.ghostKey.hidden = !this.ghostOn;
    if (this.shown) this.seek(this.cursor, false);
    this.options.onGhost?.(this.ghostOn);
  }

  /** Point at parts of the stage: figure, hip, pelvis, lumbar, curves, budget, headline; nothing ends it. */
  highlight(what) {
    const named = new Set([what ?? []].flat());
    const [hip, pelvis, ...lumbar] = this.curves.panels.map((panel) => panel.root);
    const parts = { figure: [this.viewBox], hip: [hip], pelvis: [pelvis], lumbar, curves: [this.curves.root],
      budget: [this.budget.root], headline: [this.headline] };
    for (const [name, elements] of Object.entries(parts)) {
      for (const each of elements) each.classList.toggle("hs-highlight", named.has(name));
    }
  }

  setProjector(on) {
    this.projectorOn = Boolean(on);
    this.root.classList.toggle("hs-projector", this.projectorOn);
    this.projectorButton.setAttribute("aria-pressed", String(this.projectorOn));
    this.world.contrast(this.projectorOn);
    this.resize();
    this.options.onProjector?.(this.projectorOn);
    this.root.dispatchEvent(new CustomEvent("hs-projector", { bubbles: true, detail: this.projectorOn }));
  }

  listen() {
    this.ghostButton.setAttribute("aria-pressed", "true");
    this.projectorButton.setAttribute("aria-pressed", "false");
    this.keys = (event) => pressed(this, event);
    if (this.options.keyboard !== false) document.addEventListener("keydown", this.keys);
  }

  nudge(by) {
    this.setPlaying(false);
    this.seek(Math.min(this.cursor, 100) + by);
  }

  resize() {
    const [width, height] = [this.root.clientWidth, this.root.clientHeight];
    if (!width || !height) return;
    // type grows with the page; the projector's is larger by half
    const type = Math.round(Math.min(Math.max(height / 52, 14), 20) * (this.projectorOn ? 1.35 : 1));
    this.root.style.setProperty("--type", `${type}px`);
    this.style = curveStyle(type, this.projectorOn);
    this.root.classList.toggle("hs-narrow", width < 700 || width < 0.95 * height);
    this.root.classList.toggle("hs-low", height < 520);
    this.root.classList.toggle("hs-tight", this.viewBox.clientWidth < (this.projectorOn ? 32 * type : 35 * type));
    let before = -1e3;
    for (const mark of this.events.children) {
      const [at, half] = [(parseFloat(mark.style.left) / 100) * this.events.clientWidth, 0.5 * mark.offsetWidth];
      const fits = at - half > before + 4;
      mark.style.visibility = fits ? "visible" : "hidden";
      if (fits) before = at + (mark.classList.contains("hs-event-first") ? 2 * half : half);
    }
    const [w, h] = [this.viewBox.clientWidth, this.viewBox.clientHeight];
    if (!w || !h) return;
    // without a GPU large pictures begin with fewer pixels
    if (this.soft && !this.counted) this.ratio = Math.min(1, Math.max(0.65, Math.sqrt(450e3 / (w * h))));
    this.refine(false);
    this.renderer?.setSize(w, h, false);
    this.view.resize(w, h);
    if (!this.sized || Math.abs(this.sized - w / h) > 0.02) this.view.preset(this.view.name, true);
    this.sized = w / h;
    this.curves.resize(this.style);
    this.dirty = true;
    if (this.shown) this.draw();
  }

  state() {
    const { stats } = this;
    return {
      fps: stats.fps, cursor: Math.min(this.cursor, 100), playing: this.playing, speed: this.speed,
      camera: this.view.name, ghost: this.ghostOn, projector: this.projectorOn, shown: stats.shown, drawn: stats.drawn,
      updateMs: stats.updateMs, task: this.shown?.task ?? null, headline: this.headline.textContent,
      pixelRatio: this.ratio, software: this.soft, geometries: this.renderer?.info.memory.geometries ?? 0,
    };
  }

  dispose() {
    cancelAnimationFrame(this.request);
    this.observer.disconnect();
    document.removeEventListener("keydown", this.keys);
    for (const each of [this.curves, this.person, this.ghost, this.world, ...this.arcs]) each.dispose();
    this.view.controls.dispose();
    this.renderer?.dispose();
    this.renderer?.forceContextLoss();
    this.root.remove();
  }
}
