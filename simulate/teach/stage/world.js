// What stands around the figure, and from where it is seen.

const GROUND = {
  vertexShader: `
    varying vec2 vPlace;
    void main() { vec4 w = modelMatrix * vec4(position, 1.0); vPlace = w.xz; gl_Position = projectionMatrix * viewMatrix * w; }`,
  fragmentShader: `
    uniform vec2 offset; uniform float turn; uniform vec3 shade[5]; uniform vec3 back; uniform vec3 floorColour; uniform float strong;
    varying vec2 vPlace;
    float line(float x, float cell, float width) {
      float d = abs(fract(x / cell - 0.5) - 0.5) * cell;
      float w = fwidth(x);
      return 1.0 - smoothstep(width, width + 1.5 * w + 0.002, d);
    }
    void main() {
      float c = cos(turn), s = sin(turn);
      vec2 p = vec2(c * vPlace.x + s * vPlace.y, -s * vPlace.x + c * vPlace.y) + offset;
      float fine = max(line(p.x, 0.25, 0.0015), line(p.y, 0.25, 0.0015));
      float coarse = max(line(p.x, 1.0, 0.003), line(p.y, 1.0, 0.003));
      float far = length(vPlace);
      vec3 colour = mix(floorColour, floorColour * 0.94, fine * strong * (1.0 - smoothstep(1.2, 3.2, far)));
      colour = mix(colour, floorColour * 0.86, coarse * strong);
      float dark = 0.0;
      for (int i = 0; i < 5; i++) {
        vec2 d = (vPlace - shade[i].xy) / (1.3 * shade[i].z);
        float left = max(1.0 - dot(d, d), 0.0);
        dark = max(dark, (shade[i].z > 0.3 ? 0.20 : 0.34) * left * left);
      }
      colour *= 1.0 - dark;
      gl_FragColor = vec4(mix(colour, back, smoothstep(2.0, 4.6, far)), 1.0);
    }`,
};

export class World {
  constructor(THREE) {
    this.THREE = THREE;
    this.scene = new THREE.Scene();
    this.occluders = new THREE.Scene();
    this.uniforms = {
      offset: { value: new THREE.Vector2() }, turn: { value: 0 }, strong: { value: 1 },
      shade: { value: Array.from({ length: 5 }, () => new THREE.Vector3(0, 0, 1e-3)) },
      back: { value: new THREE.Color().setStyle("#f4f6f8", THREE.LinearSRGBColorSpace) },
      floorColour: { value: new THREE.Color().setStyle("#e4e9ee", THREE.LinearSRGBColorSpace) },
    };
    const disc = new THREE.CircleGeometry(5, 40).rotateX(-Math.PI / 2);
    this.ground = new THREE.Mesh(disc, new THREE.ShaderMaterial({ ...GROUND, uniforms: this.uniforms }));
    this.scene.add(this.ground);
    this.room = new THREE.Group();
    this.scene.add(this.room);
    this.hidden = new THREE.Group();
    this.occluders.add(this.hidden);
    this.sides = ["#f3f6f8", "#c9d2da", "#dfe5ea"].map((color) => new THREE.MeshBasicMaterial({ color }));
    this.cushion = ["#7fa8bd", "#54809a", "#6a95ac"].map((color) => new THREE.MeshBasicMaterial({ color }));
    this.unseen = new THREE.MeshBasicMaterial({ colorWrite: false });
  }

  /** Furniture of a movement. */
  furnish(scenery) {
    const { THREE } = this;
    for (const group of [this.room, this.hidden]) {
      for (const mesh of group.children) mesh.geometry.dispose();
      group.clear();
    }
    const put = (centre, size, [top, left, front]) => {
      const geometry = new THREE.BoxGeometry(...size);
      const mesh = new THREE.Mesh(geometry, [left, left, top, left, front, front]);
      const hidden = new THREE.Mesh(geometry, this.unseen);
      for (const each of [mesh, hidden]) each.position.set(...centre);
      this.room.add(mesh);
      this.hidden.add(hidden);
    };
    for (const box of scenery.boxes ?? []) {
      put(box.centre, box.size, this.cushion);
      if (box.what !== "table") continue;
      const low = box.centre[1] - 0.5 * box.size[1];
      const tall = low - scenery.ground;
      for (const x of [-1, 1]) {
        for (const z of [-1, 1]) {
          const at = [box.centre[0] + x * (0.5 * box.size[0] - 0.12), scenery.ground + 0.5 * tall,
            box.centre[2] + z * (0.5 * box.size[2] - 0.06)];
          put(at, [0.05, tall, 0.05], this.sides);
        }
      }
    }
  }

  contrast(high) {
    this.uniforms.strong.value = high ? 1.8 : 1;
    this.uniforms.back.value.setStyle(high ? "#ffffff" : "#f4f6f8", this.THREE.LinearSRGBColorSpace);
    this.uniforms.floorColour.value.setStyle(high ? "#eceff2" : "#e4e9ee", this.THREE.LinearSRGBColorSpace);
  }

  dispose() {
    this.furnish({ boxes: [] });
    this.ground.geometry.dispose();
    for (const each of [this.ground.material, this.unseen, ...this.sides, ...this.cushion]) each.dispose();
  }
}

export const CAMERAS = ["front", "side", "back", "above", "three-quarter"];

/** How far the figure stands aside of the middle, of the picture's width. */
const ASIDE = 0.07;
/** Flesh about the places that have to be seen. [m] */
const FLESH = 0.07;

/** From where a preset looks, as a direction; `mirror` looks at the left side. */
function direction(name, mirror) {
  const z = mirror ? -1 : 1;
  return { front: [1, 0.10, 0.001], side: [0.001, 0.09, z], back: [-1, 0.10, 0.001], above: [-0.18, 1, 0.001],
    "three-quarter": [0.72, 0.30, 0.80 * z] }[name];
}

export class View {
  constructor(THREE, OrbitControls, canvas) {
    this.THREE = THREE;
    this.camera = new THREE.PerspectiveCamera(26, 1, 0.1, 60);
    this.controls = new OrbitControls(this.camera, canvas);
    Object.assign(this.controls, { enableDamping: false, minDistance: 0.8, maxDistance: 12, maxPolarAngle: 0.51 * Math.PI });
    this.name = "three-quarter";
    this.points = [[-0.4, 0, -0.3], [0.4, 1.75, 0.3]];
    this.centre = new THREE.Vector3(0, 0.88, 0);
    this.mirror = false;
    this.moving = null;
  }

  /** What has to be seen: places of the figure; the middle of their box is looked at. */
  fit(points) {
    this.points = points;
    this.centre.set(...[0, 1, 2].map((k) => 0.5 * (Math.min(...points.map((p) => p[k])) + Math.max(...points.map((p) => p[k])))));
  }

  goal(name) {
    const { THREE } = this;
    const way = new THREE.Vector3(...direction(name, this.mirror)).normalize();
    const right = new THREE.Vector3(0, 1, 0).cross(way).normalize();
    const up = way.clone().cross(right);
    const half = Math.tan((this.camera.fov * Math.PI) / 360);
    let distance = 0;
    const [tall, wide] = [0.94 * half, half * (1 - 2 * ASIDE) * this.camera.aspect];
    for (const point of this.points) {
      const place = new THREE.Vector3(...point).sub(this.centre);
      const [x, y, z] = [place.dot(right), place.dot(up), place.dot(way)];
      distance = Math.max(distance, z + (Math.abs(y) + FLESH) / tall, z + (Math.abs(x) + FLESH) / wide);
    }
    return this.centre.clone().addScaledVector(way, distance);
  }

  /** Go to a preset, at once or in a third of a second. */
  preset(name, now = false) {
    this.name = name;
    const to = this.goal(name);
    if (now) {
      this.camera.position.copy(to);
      this.controls.target.copy(this.centre);
      this.controls.update();
      this.moving = null;
      return;
    }
    this.moving = { from: this.camera.position.clone(), target: this.controls.target.clone(), to, began: performance.now() };
  }

  /** Go on with a move; whether anything changed. */
  step(now) {
    if (!this.moving) return this.controls.update();
    const t = Math.min((now - this.moving.began) / 330, 1);
    const s = t * t * (3 - 2 * t);
    const { from, to, target } = this.moving;
    // about the middle and not through the figure
    const a = from.clone().sub(target);
    const b = to.clone().sub(this.centre);
    const long = a.length() * (1 - s) + b.length() * s;
    const middle = target.clone().lerp(this.centre, s);
    this.camera.position.copy(a.lerp(b, s).normalize().multiplyScalar(long).add(middle));
    this.controls.target.copy(middle);
    this.controls.update();
    if (t >= 1) this.moving = null;
    return true;
  }

  resize(width, height) {
    this.camera.aspect = width / Math.max(height, 1);
    // a little to the right: the legend stands at the left
    this.camera.setViewOffset(width, height, -ASIDE * width, 0, width, height);
    this.camera.updateProjectionMatrix();
  }
}
