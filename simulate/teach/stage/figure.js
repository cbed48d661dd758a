// The figure: bodies that follow poses, what they are coloured with, the arcs at the hips, and the ghost.
import { geometryOf } from "./geometry.js";

const LIT = {
  vertexShader: `
    varying vec3 vNormal; varying vec3 vView;
    void main() {
      vec4 world = modelMatrix * vec4(position, 1.0);
      vNormal = mat3(modelMatrix) * normal;
      vView = cameraPosition - world.xyz;
      gl_Position = projectionMatrix * viewMatrix * world;
    }`,
  fragmentShader: `
    uniform vec3 color; uniform float low; uniform float high; uniform float glow;
    varying vec3 vNormal; varying vec3 vView;
    void main() {
      vec3 n = normalize(vNormal); vec3 v = normalize(vView);
      if (dot(n, v) < 0.0) n = -n;
      float facing = max(dot(n, v), 0.0);
      float key = max(dot(n, vec3(0.36, 0.75, 0.55)), 0.0);
      float light = 0.60 + 0.16 * n.y + 0.34 * key + 0.10 * facing;
      float shine = key * key * key * key;
      vec3 lit = color * mix(light, 1.0, glow) + 0.10 * shine * shine * shine * shine;
      gl_FragColor = vec4(lit, mix(high, low, facing));
    }`,
};

/** Share of range used -> colour, blue over yellow to vermilion, told apart by colour-blind eyes; beyond the limit dark red. */
export const SCALE = [
  [0.0, "#1767ad"], [0.35, "#4fa5d8"], [0.6, "#f3d468"], [0.82, "#ee8a1d"], [1.0, "#cf3f0a"], [1.25, "#7d1700"],
];

export function colourAt(share) {
  if (!(share === share) || share === null) return "#b8b8b8";
  let k = 1;
  while (k < SCALE.length - 1 && share > SCALE[k][0]) k++;
  const [[a, from], [b, to]] = [SCALE[k - 1], SCALE[k]];
  const t = Math.min(Math.max((share - a) / (b - a), 0), 1);
  const part = (hex, i) => parseInt(hex.slice(1 + 2 * i, 3 + 2 * i), 16);
  const mixed = [0, 1, 2].map((i) => Math.round(part(from, i) + t * (part(to, i) - part(from, i))));
  return `rgb(${mixed.join(",")})`;
}

export function decoded(text) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return new Float32Array(bytes.buffer);
}

function material(THREE, colour, { low = 1, high = 1, glow = 0, ...rest } = {}) {
  return new THREE.ShaderMaterial({
    ...LIT,
    uniforms: {
      color: { value: new THREE.Color().setStyle(colour, THREE.LinearSRGBColorSpace) },
      low: { value: low }, high: { value: high }, glow: { value: glow },
    },
    ...rest,
  });
}

/** Materials of the person: opaque bones within a skin that is seen through, drawn once per pixel. */
function personMaterials(THREE) {
  return {
    bone: material(THREE, "#efe6d2"),
    plate: material(THREE, "#efe6d2", { side: THREE.DoubleSide }),
    disc: material(THREE, "#7f8b96"),
    prop: material(THREE, "#51575e"),
    joint_hip_r: material(THREE, "#ffffff", { glow: 0.25 }),
    joint_hip_l: material(THREE, "#ffffff", { glow: 0.25 }),
    joint_lumbar: material(THREE, "#ffffff", { glow: 0.25 }),
    skin: material(THREE, "#d29a74", { low: 0.30, high: 0.92, transparent: true, depthWrite: false }),
  };
}

export class Figure {
  constructor(THREE, { ghost = false } = {}) {
    this.THREE = THREE;
    this.ghost = ghost;
    this.root = new THREE.Group();
    this.bodies = new Map();
    this.materials = ghost
      ? { skin: material(THREE, "#565c62", { low: 0.14, high: 0.72, transparent: true, depthWrite: false }) }
      : personMaterials(THREE);
    // the same vertices as the skin's, so that the skin lies exactly on its own depth
    const pushed = { polygonOffset: true, polygonOffsetFactor: 1, polygonOffsetUnits: 2 };
    this.depth = material(THREE, "#000000", { colorWrite: false, transparent: true, ...pushed });
    this.geometries = [];
  }

  /** Take another body: its names and shapes. */
  build(names, shapes) {
    for (const geometry of this.geometries) geometry.dispose();
    this.geometries = [];
    this.root.clear();
    this.bodies.clear();
    const { THREE } = this;
    this.order = names.map((name) => {
      const group = new THREE.Group();
      this.bodies.set(name, group);
      this.root.add(group);
      return group;
    });
    const by = new Map();
    for (const shape of shapes) {
      if (this.ghost && shape.role !== "skin" && shape.role !== "prop") continue;
      const role = this.ghost ? "skin" : shape.kind === "sheet" ? "plate" : shape.role;
      const key = `${shape.body} ${role}`;
      if (!by.has(key)) by.set(key, { body: shape.body, role, shapes: [] });
      by.get(key).shapes.push(shape);
    }
    for (const { body, role, shapes: some } of by.values()) {
      const geometry = geometryOf(THREE, some);
      this.geometries.push(geometry);
      const mesh = new THREE.Mesh(geometry, this.materials[role]);
      mesh.frustumCulled = false;
      const group = this.bodies.get(body);
      if (role.startsWith("joint_")) {
        // what is coloured shines through the skin
        const through = new THREE.Mesh(geometry, this.shining(role));
        through.frustumCulled = false;
        through.renderOrder = 7;
        group.add(through);
      }
      if (role === "skin") {
        // depth first, so that only what is in front is seen through
        const first = new THREE.Mesh(geometry, this.depth);
        first.frustumCulled = false;
        first.renderOrder = 5;
        mesh.renderOrder = 6;
        group.add(first);
      }
      group.add(mesh);
    }
  }

  /** A joint's own colour, half seen through, over everything. */
  shining(role) {
    const over = `${role} through`;
    if (!this.materials[over]) {
      const shine = material(this.THREE, "#ffffff", { low: 0.55, high: 0.4, glow: 0.25, transparent: true, depthTest: false,
        depthWrite: false });
      shine.uniforms.color = this.materials[role].uniforms.color;
      this.materials[over] = shine;
    }
    return this.materials[over];
  }

  colour(joint, share) {
    this.materials[joint].uniforms.color.value.setStyle(colourAt(share), this.THREE.LinearSRGBColorSpace);
  }

  /** Move the bodies to poses between two frames of `poses` (frames x bodies x 7); false where there is no answer. */
  pose(poses, i, j, t) {
    const n = this.order.length;
    for (let b = 0; b < n; b++) {
      const [p, q] = [7 * (i * n + b), 7 * (j * n + b)];
      const group = this.order[b];
      const s = poses[p + 3] * poses[q + 3] + poses[p + 4] * poses[q + 4] + poses[p + 5] * poses[q + 5] +
        poses[p + 6] * poses[q + 6] < 0 ? -t : t;
      const mixed = [0, 1, 2].map((k) => poses[p + k] * (1 - t) + poses[q + k] * t);
      if (!Number.isFinite(mixed[0])) return (this.root.visible = false);
      group.position.set(...mixed);
      group.quaternion.set(...[3, 4, 5, 6].map((k) => poses[p + k] * (1 - t) + poses[q + k] * s)).normalize();
    }
    return (this.root.visible = true);
  }

  dispose() {
    for (const geometry of this.geometries) geometry.dispose();
    for (const each of [...Object.values(this.materials), this.depth]) each.dispose();
  }
}

/** Arc of the range at one hip, in the sagittal plane of the pelvis: what is left, what is lost, and the thigh. */
export class Arc {
  constructor(THREE, side) {
    this.THREE = THREE;
    this.side = side;
    this.group = new THREE.Group();
    const flat = (color, opacity) =>
      new THREE.MeshBasicMaterial({ color, opacity, transparent: true, side: THREE.DoubleSide, depthWrite: false });
    this.materials = [flat("#3d7ea6", 0.30), flat("#d0440e", 0.62), flat("#16232e", 0.95), flat("#7d8894", 0.9),
      flat("#16232e", 0.55)];
    [this.left, this.lost, this.needle, this.ghostNeedle, this.zero] = this.materials.map((each, k) => {
      const mesh = new THREE.Mesh(new THREE.BufferGeometry(), each);
      mesh.renderOrder = 8 + k;
      this.group.add(mesh);
      return mesh;
    });
    const ring = new THREE.TorusGeometry(0.052, 0.007, 8, 28);
    this.halo = new THREE.Mesh(ring, new THREE.MeshBasicMaterial({ color: "#a02c00", depthTest: false, transparent: true }));
    this.halo.renderOrder = 14;
    this.group.add(this.halo);
    this.tip = new THREE.Vector3();
  }

  band(mesh, from, to, inner, outer) {
    mesh.visible = Math.abs(to - from) > 0.2;
    mesh.geometry.dispose();
    mesh.geometry = new this.THREE.RingGeometry(inner, outer, Math.max(2, Math.ceil(Math.abs(to - from) / 4)), 1,
      this.angle(from), ((to - from) * Math.PI) / 180);
  }

  /** Of a model angle of hip flexion [deg], the angle in the picture's plane: 0 forward, a quarter turn up. */
  angle(deg) {
    return (deg * Math.PI) / 180 - Math.PI / 2;
  }

  take(arc) {
    this.arc = arc;
    const r = arc.radius;
    const way = arc.side === "r" ? 1 : -1;
    this.group.position.set(arc.centre[0], arc.centre[1], arc.centre[2] + way * 0.125);
    const ends = [arc.extension_deg, Math.min(arc.flexion_deg, arc.extension_deg + 400)];
    this.band(this.left, ends[0], ends[1], 0.80 * r, r);
    const lost = arc.extension_deg - arc.free_extension_deg;
    const lostAbove = arc.free_flexion_deg - arc.flexion_deg;
    if (lost >= lostAbove) this.band(this.lost, arc.free_extension_deg, arc.extension_deg, 0.80 * r, 1.0 * r);
    else this.band(this.lost, arc.flexion_deg, arc.free_flexion_deg, 0.80 * r, 1.0 * r);
    this.lost.visible = Math.max(lost, lostAbove) > 0.2;
    this.band(this.zero, arc.zero_deg - 0.5, arc.zero_deg + 0.5, 0.74 * r, 1.06 * r);
    const wide = 1.4;
    this.band(this.needle, -wide, wide, 0.06, 1.10 * r);
    this.band(this.ghostNeedle, -0.7 * wide, 0.7 * wide, 0.06, 1.06 * r);
    const limit = lost >= lostAbove ? arc.extension_deg : arc.flexion_deg;
    const a = this.angle(limit);
    this.tip.set(Math.cos(a) * 1.14 * r, Math.sin(a) * 1.14 * r, 0);
    // words stand on the far side of what is lost
    this.outward = lost >= lostAbove ? -1 : 1;
    this.materials[0].opacity = arc.limited ? 0.36 : 0.16;
  }

  turn(restricted, free, atLimit, ghost) {
    const known = Number.isFinite(restricted);
    this.needle.visible = known;
    if (known) this.needle.rotation.z = (restricted * Math.PI) / 180;
    this.ghostNeedle.visible = ghost && Number.isFinite(free);
    this.ghostNeedle.rotation.z = (free * Math.PI) / 180;
    this.halo.visible = atLimit;
  }

  dispose() {
    for (const mesh of this.group.children) mesh.geometry.dispose();
    for (const each of [...this.materials, this.halo.material]) each.dispose();
  }
}
