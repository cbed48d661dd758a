// A slider in words: name, value with its unit, a native range input (keyboard, touch and screen readers come with it)
// and a mark where the normal value is. What is dragged shows at once; the server hears of it as often as it asks.
// Its value is null while nothing was given: it stands at the mark then, and says so. A cross takes back what was given.
export default {
  template: `
    <div class="teach-slider" :class="{ 'teach-slider--changed': changed, 'teach-slider--off': off }">
      <div class="teach-slider__head">
        <label class="teach-slider__label" :for="input">{{ label }}</label>
        <span class="teach-slider__said">
          <output class="teach-slider__value" :for="input">{{ text }}</output>
          <button v-if="release && local !== null" type="button" class="teach-slider__release" :title="release"
                  :aria-label="label + ': ' + release" @click="give(null)">×</button>
        </span>
      </div>
      <div class="teach-slider__track">
        <span v-if="normal !== null" class="teach-slider__normal" :style="{ left: place(normal) }" aria-hidden="true"></span>
        <input type="range" :id="input" :min="min" :max="max" :step="step" :value="stands" :disabled="off"
               :data-given="local !== null" :aria-label="label" :aria-valuetext="text" :style="{ '--at': share(stands) }"
               @input="give(Number($event.target.value))" />
      </div>
    </div>`,
  props: {
    value: { type: Number, default: null },
    label: { type: String, required: true },
    min: { type: Number, required: true },
    max: { type: Number, required: true },
    step: { type: Number, default: 1 },
    unit: { type: String, default: "" },
    normal: { type: Number, default: null },
    unsaid: { type: String, default: "" },
    release: { type: String, default: "" },
    off: { type: Boolean, default: false },
  },
  emits: ["update:value"],
  data() {
    return { local: this.value };
  },
  computed: {
    input() {
      return `${this.$attrs.id}-input`;
    },
    stands() {
      return this.local ?? this.normal;
    },
    changed() {
      if (this.release) return this.local !== null;
      return this.normal !== null && Math.abs(this.stands - this.normal) > this.step / 2;
    },
    text() {
      if (this.local === null && this.unsaid) return this.unsaid;
      const digits = Math.max(0, -Math.floor(Math.log10(this.step) + 1e-9));
      return `${this.stands.toFixed(digits).replace("-", "−")}${this.unit}`;
    },
  },
  methods: {
    // called after an update from the server
    sync() {
      this.local = this.value;
    },
    give(value) {
      this.local = value;
      // the page has to know for its next update, but need not be made anew for this: that would take longer than solving
      const element = Vue.toRaw(mounted_app.elements[this.$attrs.id.slice(1)]);
      if (element) element.props.value = value;
      this.$emit("update:value", value);
    },
    share(value) {
      return (value - this.min) / (this.max - this.min);
    },
    place(value) {
      return `calc(var(--thumb) / 2 + (100% - var(--thumb)) * ${this.share(value)})`;
    },
  },
};
