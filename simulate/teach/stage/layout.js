// What the stage consists of: view, legend, buttons and the playback bar; and its keys.
import { element } from "./curves.js";
import { SCALE } from "./figure.js";
import { CAMERAS } from "./world.js";

const NAMES = { front: "Front", side: "Side", back: "Back", above: "Above", "three-quarter": "Oblique" };
export const SPEEDS = [0.1, 0.25, 0.5, 1];
const PLAIN = { ink: "#3a444e", axis: "#9aa4ae", grid: "#e3e8ec" };
const CONTRAST = { ink: "#000000", axis: "#000000", grid: "#d5d5d5" };

/** How curves are drawn beside type of some size [px]. */
export function curveStyle(type, projector) {
  const size = Math.round((projector ? 0.9 : 0.86) * type);
  const own = projector ? CONTRAST : PLAIN;
  return { ...own, type: size, line: (projector ? 0.16 : 0.15) * type, left: Math.round(3.7 * size), right: size,
    font: "system-ui, sans-serif" };
}

/** Whether there is no GPU behind the canvas. */
export function drawnInSoftware() {
  const gl = document.createElement("canvas").getContext("webgl2");
  const told = gl?.getExtension("WEBGL_debug_renderer_info");
  const name = gl ? String(gl.getParameter(told ? told.UNMASKED_RENDERER_WEBGL : gl.RENDERER)) : "";
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|software|basic render/i.test(name);
}

/** Make what the stage consists of; its parts become properties of `stage`. */
export function layOut(stage, host) {
  stage.root = element("div", "hs-stage", host);
  stage.root.tabIndex = -1;
  stage.headline = element("h2", "hs-headline", stage.root);
  stage.headline.hidden = !stage.options.headline;
  stage.headline.setAttribute("aria-live", "polite");
  stage.viewBox = element("div", "hs-view", stage.root);
  stage.canvas = element("canvas", "hs-canvas", stage.viewBox);
  stage.canvas.setAttribute("aria-label", "The figure in three dimensions; drag to turn it");
  const top = element("div", "hs-top", stage.viewBox);
  stage.title = element("div", "hs-title", top);
  const cameras = element("div", "hs-cameras", top);
  stage.cameraButtons = CAMERAS.map((name, k) => {
    const button = element("button", "hs-button", cameras, NAMES[name]);
    button.title = `${NAMES[name]} (key ${k + 1})`;
    button.dataset.camera = name;
    button.addEventListener("click", () => stage.setCamera(name));
    return button;
  });
  stage.shortfall = element("div", "hs-shortfall", stage.viewBox);
  const marks = element("div", "hs-marks", stage.viewBox);
  stage.ghostButton = element("button", "hs-button", marks, "Ghost");
  stage.ghostButton.title = "The unrestricted person (key G)";
  stage.ghostButton.addEventListener("click", () => stage.setGhost(!stage.ghostOn));
  const legend = element("div", "hs-legend", stage.viewBox);
  element("span", "hs-legend-title", legend, "Range used");
  const bar = element("div", "hs-scale", legend);
  const stops = SCALE.filter(([share]) => share <= 1).map(([share, colour]) => `${colour} ${100 * share}%`);
  bar.style.background = `linear-gradient(90deg, ${stops.join(", ")})`;
  const ticks = element("div", "hs-scale-ticks", legend);
  for (const text of ["0", "50 %", "limit"]) element("span", "", ticks, text);
  stage.shares = element("div", "hs-shares", legend);
  stage.shareOf = Object.fromEntries(
    [["hip_l", "left hip"], ["lumbar", "lumbar"], ["hip_r", "right hip"]].map(([joint, words]) => {
      const item = element("span", "hs-key", stage.shares);
      const dot = element("i", "", item);
      element("span", "", item, words);
      return [joint, { dot, value: element("b", "", item) }];
    }),
  );
  const key = element("div", "hs-legend-lines", legend);
  stage.ghostKey = element("span", "hs-key", key);
  element("i", "hs-ghost-swatch", stage.ghostKey);
  stage.ghostKey.append("unrestricted");
  stage.labels = ["r", "l"].map(() => element("div", "hs-arc-label", stage.viewBox));
  stage.noAnswer = element("div", "hs-no-answer", stage.viewBox, "No answer in this frame");
  stage.side = element("div", "hs-side", stage.root);
  layBar(stage, element("div", "hs-bar", stage.root));
}

function layBar(stage, parent) {
  stage.playButton = element("button", "hs-button hs-play", parent);
  stage.playButton.addEventListener("click", () => stage.setPlaying(!stage.playing));
  const track = element("div", "hs-track", parent);
  stage.events = element("div", "hs-events", track);
  stage.proof = element("div", "hs-proof", track);
  stage.scrub = element("input", "hs-scrub", track);
  Object.assign(stage.scrub, { type: "range", min: 0, max: 100, step: 0.1, value: 0 });
  stage.scrub.setAttribute("aria-label", "Place in the cycle");
  stage.scrub.addEventListener("input", () => stage.seek(Number(stage.scrub.value)));
  stage.place = element("output", "hs-place", parent);
  stage.speedPick = element("select", "hs-pick hs-speed", parent);
  stage.speedPick.setAttribute("aria-label", "Speed");
  for (const speed of SPEEDS) {
    stage.speedPick.append(Object.assign(document.createElement("option"), { value: speed, textContent: `${speed} ×` }));
  }
  stage.speedPick.addEventListener("change", () => stage.setSpeed(Number(stage.speedPick.value)));
  stage.projectorButton = element("button", "hs-button", parent, "Projector");
  stage.projectorButton.title = "Large type and high contrast (key P)";
  stage.projectorButton.addEventListener("click", () => stage.setProjector(!stage.projectorOn));
}

/** What a key does on the stage, unless who has the focus needs it. */
export function pressed(stage, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const at = event.target;
  if (at.closest?.("textarea, select, [contenteditable='true'], [role='combobox'], [role='listbox']")) return;
  if (at.matches?.("input") && !["range", "checkbox", "radio", "button"].includes(at.type)) return;
  const moves = [" ", "ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key);
  // what has the focus takes space and arrows for itself
  if (moves && at.closest?.("button, input, a, [role='slider'], [role='button'], [role='tab'], [role='switch'], [role='checkbox']")) {
    const own = at.closest(".hs-stage") && event.key !== " ";
    if (!own || at === stage.scrub) return;
  }
  const frame = 100 / Math.max(stage.shown ? stage.shown.frames - 1 : 100, 1);
  const by = frame * (event.shiftKey ? 10 : 1);
  const acts = {
    " ": () => stage.setPlaying(!stage.playing),
    ArrowLeft: () => stage.nudge(-by), ArrowRight: () => stage.nudge(by),
    Home: () => stage.nudge(-100), End: () => stage.nudge(100),
    p: () => stage.setProjector(!stage.projectorOn), g: () => stage.setGhost(!stage.ghostOn),
    r: () => stage.options.onReset?.(),
    ...Object.fromEntries(CAMERAS.map((name, k) => [String(k + 1), () => stage.setCamera(name)])),
  };
  const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
}
