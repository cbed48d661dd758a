// A slider in words: name, value with its unit, a native range input (keyboard, touch and screen readers come with it)
// and a mark where the normal value is. What is dragged shows at once; the server hears of it as often as it asks.
export default {
  template: `
    <div class="teach-slider" :class="{ 'teach-slider--changed': changed, 'teach-slider--off': off }">
      <label class="teach-slider__head" :for="input">
        <span class="teach-slider__label">{{ label }}</span>
        <output class="teach-slider__value" :for="input">{{ text(local) }}</output>
      </label>
      <div class="teach-slider__track">
        <span v-if="normal !== null" class="teach-slider__normal" :style="{ left: place(normal) }" aria-hidden="true"></span>
        <input type="range" :id="input" :min="min" :max="max" :step="step" :value="local" :disabled="off"
               :aria-label="label" :aria-valuetext="text(local)" :style="{ '--at': share(local) }"
               @input="moved($event.target.value)" />
      </div>
    </div>`,
  props: {
    value: { type: Number, required: true },
    label: { type: String, required: true },
    min: { type: Number, required: true },
    max: { type: Number, required: true },
    step: { type: Number, default: 1 },
    unit: { type: String, default: "" },
    normal: { type: Number, default: null },
    words: { type: Object, default: () => ({}) },
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
    changed() {
      return this.normal !== null && Math.abs(this.local - this.normal) > this.step / 2;
    },
  },
  methods: {
    // called after an update from the server
    sync() {
      this.local = this.value;
    },
    moved(text) {
      this.local = Number(text);
      // the page has to know for its next update, but need not be made anew for this: that would take longer than solving
      const element = Vue.toRaw(mounted_app.elements[this.$attrs.id.slice(1)]);
      if (element) element.props.value = this.local;
      this.$emit("update:value", this.local);
    },
    text(value) {
      const said = this.words[String(value)];
      if (said !== undefined) return said;
      const digits = Math.max(0, -Math.floor(Math.log10(this.step) + 1e-9));
      return `${value.toFixed(digits).replace("-", "−")}${this.unit}`;
    },
    share(value) {
      return (value - this.min) / (this.max - this.min);
    },
    place(value) {
      return `calc(var(--thumb) / 2 + (100% - var(--thumb)) * ${this.share(value)})`;
    },
  },
};
