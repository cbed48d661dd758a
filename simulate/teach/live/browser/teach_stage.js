// Keys of the page itself; those of the drawing are its own.
const KEYS = { l: "lessons", n: "next", b: "back", "?": "keys" };

// Without a graphics card the figure stands still while a slider moves, and so long after it: what moves it comes first. [ms]
const HOLD = 240;

// The stage of a tab: it loads the drawing, holds a line to the server, and draws the newest answer that comes along it.
export default {
  template: `
    <section class="teach-stage" aria-label="The answer">
      <h1 class="teach-headline" :class="{ 'teach-headline--pointed': pointed }" aria-live="polite">{{ headline }}</h1>
      <details v-if="notices.length" class="teach-notes">
        <summary>Notes</summary>
        <ul><li v-for="notice in notices">{{ notice }}</li></ul>
      </details>
      <p v-if="error" class="teach-error" role="alert">{{ error }}</p>
      <div ref="stage" class="teach-stage__drawing"></div>
      <div v-if="!drawn" class="teach-wait" role="status">
        <div class="teach-wait__card">
          <p class="teach-wait__title">{{ error || waiting }}</p>
          <p v-if="!error && seconds > 2">On its very first start the solver is compiled for this machine: about half a minute.
             After that it starts in a few seconds.</p>
          <div class="teach-wait__bar" aria-hidden="true"><span></span></div>
          <p class="teach-wait__seconds">{{ seconds }} s</p>
        </div>
      </div>
    </section>`,
  props: {
    files: { type: String, required: true },
    line: { type: String, required: true },
  },
  emits: ["command"],
  data() {
    return { headline: "", notices: [], error: "", pointed: false, drawn: false, seconds: 0, waiting: "Getting the solver ready" };
  },
  async mounted() {
    const since = performance.now();
    this.clock = setInterval(() => (this.seconds = Math.round((performance.now() - since) / 1000)), 1000);
    this.version = 0;
    this.has = []; // what the drawing holds already and need not be sent again
    this.later = []; // what it is to do as soon as it shows something
    this.closed = false;
    window.addEventListener("keydown", this.key);
    window.addEventListener("input", this.hold, true);
    window.teach = { stage: null, version: 0, error: "", answers: 0, times: {} };
    try {
      const [scene, charts, { createStage }] = await Promise.all([
        import("nicegui-scene"),
        import("nicegui-echart"),
        import(`${this.files}/stage.js`),
      ]);
      const options = {
        onProjector: (on) => document.body.classList.toggle("teach-projector", on),
        onReset: () => this.$emit("command", "reset"),
      };
      this.stage = createStage(this.$refs.stage, { three: scene, echarts: charts.echarts, options });
    } catch (fault) {
      console.error(fault);
      this.waiting = `The drawing could not be started: ${fault.message ?? fault}`;
      return;
    }
    window.teach.stage = this.stage;
    this.connect();
  },
  beforeUnmount() {
    this.closed = true;
    clearInterval(this.clock);
    window.removeEventListener("keydown", this.key);
    window.removeEventListener("input", this.hold, true);
    clearTimeout(this.held);
    this.socket?.close();
    this.stage?.dispose();
  },
  methods: {
    connect() {
      const scheme = location.protocol === "https:" ? "wss:" : "ws:";
      const socket = new WebSocket(`${scheme}//${location.host}${this.line}/${window.clientId}`);
      this.socket = window.teach.line = socket;
      this.socket.onopen = () => this.next();
      this.socket.onmessage = (message) => this.take(message.data);
      this.socket.onclose = (end) => {
        if (!this.closed && this.socket === socket && end.code !== 4404) setTimeout(() => this.connect(), 1000);
      };
    },
    next() {
      this.socket.send(JSON.stringify({ version: this.version, has: this.has }));
    },
    take(text) {
      const received = performance.now();
      const { version, shown, error } = JSON.parse(text);
      this.version = version;
      this.error = error ?? "";
      if (shown) {
        this.stage.show(shown);
        this.headline = shown.headline;
        this.notices = shown.notices;
        this.has = [shown.free_id, shown.shapes_id];
        if (!this.drawn) {
          this.drawn = true;
          clearInterval(this.clock);
          for (const [name, value] of this.later) this.set(name, value);
        }
      }
      const answered = { version, received, shown: performance.now(), solver: shown?.ms, bytes: text.length };
      const onScreen = () => {
        answered.painted = performance.now();
        // what there is to see from outside: everything but the frames
        const { free, restricted, shapes, ...told } = shown ?? window.teach.shown ?? {};
        Object.assign(window.teach, { shown: told, version, error: this.error, times: answered });
        window.teach.answers += 1;
        window.dispatchEvent(new CustomEvent("teach-drawn", { detail: answered }));
        if (this.socket.readyState === WebSocket.OPEN) this.next();
      };
      // the next answer is asked for when this one is on the screen; a hidden tab has no frames to wait for
      if (document.hidden) onScreen();
      else requestAnimationFrame(() => setTimeout(onScreen));
    },
    key(event) {
      const at = document.activeElement;
      const typing = at?.matches?.("textarea, [contenteditable=true], input:not([type=range], [type=checkbox])");
      if (event.ctrlKey || event.metaKey || event.altKey || typing) return;
      const command = KEYS[event.key];
      if (command) this.$emit("command", command);
      // a slider has no use for the space bar, and whoever has moved one wants to play on
      if (event.key === " " && at?.matches?.(".teach-slider input") && this.stage) {
        event.preventDefault();
        if (this.stage.state().playing) this.stage.pause();
        else this.stage.play();
      }
    },
    hold(event) {
      if (!this.drawn || !event.target.matches(".teach-slider input")) return;
      const { software, playing } = this.stage.state();
      if (!software || !(playing || this.held)) return;
      this.stage.pause();
      clearTimeout(this.held);
      this.held = setTimeout(() => {
        this.held = null;
        this.stage.play();
      }, HOLD);
    },
    set(name, value) {
      if (!this.drawn) {
        this.later.push([name, value]);
        return;
      }
      clearTimeout(this.held);
      this.held = null;
      if (name === "seek") this.stage.pause();
      if (name === "highlight") this.pointed = value.includes("headline");
      this.stage[name](value);
    },
  },
};
