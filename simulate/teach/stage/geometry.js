// Shapes of the figure as triangles: one geometry for all shapes of a body and role.

/** Points of a Catmull-Rom line through rows of numbers, `steps` between two of them. */
function smoothed(rows, steps) {
  if (rows.length < 3 || steps < 2) return rows;
  const out = [];
  const at = (i) => rows[Math.min(Math.max(i, 0), rows.length - 1)];
  for (let i = 0; i < rows.length - 1; i++) {
    for (let k = 0; k < steps; k++) {
      const t = k / steps;
      const [a, b, c, d] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
      out.push(
        b.map((_, j) => {
          const u = 0.5 * (c[j] - a[j]);
          const v = 0.5 * (d[j] - b[j]);
          const s = t * t;
          return (
            b[j] * (2 * s * t - 3 * s + 1) + u * (s * t - 2 * s + t) + c[j] * (3 * s - 2 * s * t) + v * (s * t - s)
          );
        }),
      );
    }
  }
  out.push(rows[rows.length - 1]);
  return out;
}

/** Rings of points joined to a closed body; `ring(i)` gives the places of one ring. */
function joinRings(rings, centres) {
  const n = rings[0].length;
  const position = rings.flat(2);
  const index = [];
  for (let i = 0; i < rings.length - 1; i++) {
    for (let k = 0; k < n; k++) {
      const [a, b] = [i * n + k, i * n + ((k + 1) % n)];
      index.push(a, b, a + n, b, b + n, a + n);
    }
  }
  const [first, last] = [position.length / 3, position.length / 3 + 1];
  position.push(...centres[0], ...centres[1]);
  const end = (rings.length - 1) * n;
  for (let k = 0; k < n; k++) {
    index.push(first, (k + 1) % n, k);
    index.push(last, end + k, end + ((k + 1) % n));
  }
  return { position, index };
}

function loftMesh(shape) {
  const rings = smoothed(shape.rings, shape.rings.length > 4 ? 2 : 1);
  const n = shape.role === "skin" ? 16 : 10;
  const places = rings.map(([x, y, z, a, b]) =>
    Array.from({ length: n }, (_, k) => {
      const [c, s] = [Math.cos((2 * Math.PI * k) / n), Math.sin((2 * Math.PI * k) / n)];
      return shape.axis === "x" ? [x, y + a * c, z + b * s] : [x + a * c, y, z + b * s];
    }),
  );
  const ends = [rings[0], rings[rings.length - 1]].map((ring) => ring.slice(0, 3));
  return joinRings(places, ends);
}

function tubeMesh(shape) {
  const rows = smoothed(
    shape.points.map((point, i) => [...point, shape.radius[i]]),
    shape.points.length > 3 && shape.points.length < 8 ? 2 : 1,
  );
  const n = 6;
  const minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
  const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const unit = (a) => a.map((x) => x / (Math.hypot(...a) || 1));
  let aside = null;
  const places = rows.map((row, i) => {
    const along = unit(minus(rows[Math.min(i + 1, rows.length - 1)], rows[Math.max(i - 1, 0)]));
    if (aside === null) aside = Math.abs(along[1]) < 0.9 ? [0, 1, 0] : [1, 0, 0];
    // the frame is carried along, so that the tube does not twist
    const other = unit(cross(along, aside));
    aside = unit(cross(other, along));
    return Array.from({ length: n }, (_, k) => {
      const [c, s] = [Math.cos((2 * Math.PI * k) / n) * row[3], Math.sin((2 * Math.PI * k) / n) * row[3]];
      return [0, 1, 2].map((j) => row[j] + c * aside[j] - s * other[j]);
    });
  });
  return joinRings(places, [rows[0].slice(0, 3), rows[rows.length - 1].slice(0, 3)]);
}

function ellipsoidMesh(shape) {
  const [wide, tall] = [shape.role === "skin" ? 16 : 10, shape.role === "skin" ? 10 : 7];
  const rings = [];
  for (let i = 1; i < tall; i++) {
    const up = (Math.PI * i) / tall;
    rings.push(
      Array.from({ length: wide }, (_, k) => {
        const round = (2 * Math.PI * k) / wide;
        return [
          shape.size[0] * Math.sin(up) * Math.cos(round),
          -shape.size[1] * Math.cos(up),
          shape.size[2] * Math.sin(up) * Math.sin(round),
        ];
      }),
    );
  }
  return joinRings(rings, [[0, -shape.size[1], 0], [0, shape.size[1], 0]]);
}

function sheetMesh(shape) {
  const [m, n] = [shape.rows.length, shape.rows[0].length];
  const index = [];
  for (let i = 0; i < m - 1; i++) {
    for (let k = 0; k < n - 1; k++) {
      const a = i * n + k;
      index.push(a, a + 1, a + n, a + 1, a + n + 1, a + n);
    }
  }
  return { position: shape.rows.flat(2), index };
}

const MESHES = { loft: loftMesh, tube: tubeMesh, ellipsoid: ellipsoidMesh, sheet: sheetMesh };

/** One geometry of several shapes, in the body's frame. */
export function geometryOf(THREE, shapes) {
  const position = [];
  const normal = [];
  const index = [];
  for (const shape of shapes) {
    const mesh = MESHES[shape.kind](shape);
    const one = new THREE.BufferGeometry();
    one.setAttribute("position", new THREE.Float32BufferAttribute(mesh.position, 3));
    one.setIndex(mesh.index);
    const turn = new THREE.Quaternion(...(shape.quaternion ?? [0, 0, 0, 1]));
    const at = new THREE.Vector3(...(shape.position ?? [0, 0, 0]));
    one.applyMatrix4(new THREE.Matrix4().compose(at, turn, new THREE.Vector3(1, 1, 1)));
    one.computeVertexNormals();
    outward(one);
    const base = position.length / 3;
    position.push(...one.attributes.position.array);
    normal.push(...one.attributes.normal.array);
    for (const i of one.index.array) index.push(i + base);
    one.dispose();
  }
  const whole = new THREE.BufferGeometry();
  whole.setAttribute("position", new THREE.Float32BufferAttribute(position, 3));
  whole.setAttribute("normal", new THREE.Float32BufferAttribute(normal, 3));
  whole.setIndex(index);
  whole.computeBoundingSphere();
  return whole;
}

/** Turn a closed body's triangles so that they face outward, whichever way its rings ran. */
function outward(geometry) {
  const p = geometry.attributes.position.array;
  const index = geometry.index.array;
  let volume = 0;
  for (let i = 0; i < index.length; i += 3) {
    const [a, b, c] = [3 * index[i], 3 * index[i + 1], 3 * index[i + 2]];
    volume +=
      p[a] * (p[b + 1] * p[c + 2] - p[b + 2] * p[c + 1]) +
      p[a + 1] * (p[b + 2] * p[c] - p[b] * p[c + 2]) +
      p[a + 2] * (p[b] * p[c + 1] - p[b + 1] * p[c]);
  }
  if (volume >= 0) return;
  for (let i = 0; i < index.length; i += 3) [index[i], index[i + 1]] = [index[i + 1], index[i]];
  geometry.computeVertexNormals();
}
