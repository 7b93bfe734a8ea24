// Line drawings as a pen plotter would make them.
import { gradient, mixHex } from '../lib/colour.mjs';
import { drawSvg } from '../lib/frame.mjs';
import { createNoise } from '../lib/noise.mjs';
import { createRandom } from '../lib/random.mjs';

const ground = (paper) => `<rect width="1200" height="800" fill="${paper}"/>`;
const line = (points) => points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L');

/**
 * Ridge lines stacked from back to front, each hiding what lies behind it.
 * @param {{width: number, height: number, seed: number, paper: string, far: string, near: string, rows?: number}} options
 */
export function ridgeLines({ width, height, seed, paper, far, near, rows = 62 }) {
  const noise = createNoise(seed);
  let body = ground(paper);
  for (let r = 0; r < rows; r++) {
    const t = r / (rows - 1);
    const base = 190 + t * 590;
    const points = [];
    for (let x = -10; x <= 1210; x += 3) {
      const hump =
        Math.exp(-(((x - 470 - 160 * t) / 330) ** 2)) + 0.75 * Math.exp(-(((x - 960 + 190 * t) / 170) ** 2));
      const rise = noise.ridged2(x / 330, r * 0.03 + 4, 4, 0.4) * 270 * hump * (1 - t * 0.45);
      points.push([x, base - rise - noise.fbm2(x / 70, r * 0.3, 3) * 9]);
    }
    const stroke = mixHex(far, near, t);
    body += `<path d="M-10 820L${line(points)}L1210 820Z" fill="${paper}" stroke="${stroke}" stroke-width="${1.1 + t * 0.8}"/>`;
  }
  return drawSvg(width, height, body);
}

/** One curve of a damped harmonograph. */
function pendulum(random, spec) {
  const points = [];
  for (let i = 0; i < spec.steps; i++) {
    const t = i * 0.011;
    const fade = Math.exp(-t * spec.damp);
    points.push([
      600 + fade * (300 * Math.sin(spec.f[0] * t + spec.p[0]) + 230 * Math.sin(spec.f[1] * t + spec.p[1])),
      400 + fade * (215 * Math.sin(spec.f[2] * t + spec.p[2]) + 150 * Math.sin(spec.f[3] * t + spec.p[3])),
    ]);
  }
  return points;
}

/**
 * Harmonograph figures laid over each other.
 * @param {{width: number, height: number, seed: number, paper: string, inks: string[], ratios: number[]}} options
 */
export function harmonograph({ width, height, seed, paper, inks, ratios }) {
  const random = createRandom(seed);
  const phases = [0, 1, 2, 3].map(() => random.range(0, Math.PI * 2));
  let body = `${ground(paper)}<g fill="none" stroke-width="0.85" stroke-opacity="0.8">`;
  inks.forEach((ink, k) => {
    const spec = {
      f: ratios.map((r, i) => r + 0.0013 * (i + 1)),
      p: phases.map((p, i) => p + k * 0.16 * (i % 2 ? 1 : -0.6)),
      damp: 0.0034,
      steps: 26000,
    };
    body += `<path d="M${line(pendulum(random, spec))}" stroke="${ink}"/>`;
  });
  return drawSvg(width, height, `${body}</g>`);
}

/**
 * Growth rings, pushed aside by knots.
 * @param {{width: number, height: number, seed: number, paper: string, inks: string[], centre: [number, number], rings?: number}} options
 */
export function growthRings({ width, height, seed, paper, inks, centre, rings = 150 }) {
  const noise = createNoise(seed);
  const random = createRandom(seed);
  const ramp = gradient(inks);
  let body = `${ground(paper)}<g fill="none">`;
  let radius = 5;
  for (let r = 0; r < rings; r++) {
    radius += 5.4 + 2.8 * noise.noise2(r * 0.21, 2);
    const points = [];
    for (let i = 0; i <= 360; i++) {
      const a = (i / 360) * Math.PI * 2;
      const x = Math.cos(a);
      const y = Math.sin(a);
      const push =
        noise.fbm2(x * 1.3 + r * 0.006, y * 1.3 + 5, 4) * 0.34 +
        noise.fbm2(x * 5, y * 5 + r * 0.02, 3) * 0.03;
      const k = radius * (1 + push);
      points.push([centre[0] + x * k, centre[1] + y * k * 0.92]);
    }
    const [red, green, blue] = ramp(0.5 + 0.5 * Math.sin(r * 0.11) + random.gauss() * 0.08, [0, 0, 0]).map(
      (c) => Math.round(c * 255),
    );
    body += `<path d="M${line(points)}Z" stroke="rgb(${red},${green},${blue})" stroke-width="${random.range(1.1, 3.2).toFixed(1)}"/>`;
  }
  return drawSvg(width, height, `${body}</g>`);
}
