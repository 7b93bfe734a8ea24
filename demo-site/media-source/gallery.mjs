// The 48 pictures of the gallery, in order: what to draw, in which colours, and in which format.
import { palettes } from './lib/colour.mjs';
import { attractor } from './pictures/attractor.mjs';
import { aurora } from './pictures/aurora.mjs';
import { burningShip } from './pictures/burning-ship.mjs';
import { discMoon, ringedCircles } from './pictures/circle-packing.mjs';
import { dunes } from './pictures/dunes.mjs';
import { silk, strokes } from './pictures/flow-field.mjs';
import { julia } from './pictures/julia.mjs';
import { mandelbrot } from './pictures/mandelbrot.mjs';
import { agate, inkWash, marble } from './pictures/marble.mjs';
import { mountains } from './pictures/mountains.mjs';
import { newton, rootsOfUnity } from './pictures/newton.mjs';
import { paperCut } from './pictures/paper-cut.mjs';
import { growthRings, harmonograph, ridgeLines } from './pictures/plotter.mjs';
import { ranges } from './pictures/ranges.mjs';
import { reactionDiffusion } from './pictures/reaction-diffusion.mjs';
import { sea } from './pictures/sea.mjs';
import { glass, pebbles } from './pictures/voronoi.mjs';

const P = palettes;
const reversed = (stops) => [...stops].reverse();

/**
 * @typedef {object} Entry
 * @property {string} slug file name without number and ending
 * @property {string} title
 * @property {'jpg' | 'png' | 'webp'} format
 * @property {number} kb wished size of the file in kilobytes
 * @property {(look: any) => any} draw
 * @property {Record<string, any>} look
 * @property {number} [grain] @property {number} [vignette]
 */

/** @type {Entry[]} */
export const gallery = [
  {
    slug: 'first-light', title: 'First light', format: 'jpg', kb: 190, draw: mountains,
    look: {
      seed: 11, layers: 7, top: 0.44, rough: 0.75, mistiness: 0.8, mist: '#f2c9a0',
      sky: ['#35507a', '#8d86a0', '#e6a98a', '#fbe0b0'], land: ['#c99a93', '#8a6d85', '#4d4a6e', '#1b2140'],
      sun: { u: 0.98, v: 0.36, radius: 0.045, colour: '#fff1cf', glow: 0.4 },
    },
  },
  {
    slug: 'seahorse-valley', title: 'Seahorse valley', format: 'jpg', kb: 260, draw: mandelbrot,
    look: { centre: [-0.743643887, 0.131825904], span: 0.0021, limit: 2500, palette: P.glacier, cycles: 0.9, offset: 0.1 },
  },
  {
    slug: 'paper-currents', title: 'Paper currents', format: 'png', kb: 280, grain: 0, vignette: 0, draw: strokes,
    look: { seed: 3, paper: '#f4ecdc', inks: ['#1d3a4c', '#2f6f73', '#d9653b', '#e9b65a', '#1d3a4c', '#8c2f39', '#c9bfa5'] },
  },
  {
    slug: 'moon-path', title: 'Moon path', format: 'webp', kb: 170, draw: sea,
    look: {
      seed: 4, sky: ['#5a6a92', '#2c3a68', '#141c3d', '#080c20'], deep: '#050b1c', cloud: ['#141a36', '#b9bfd6'], cover: 0.42,
      light: { x: 0.12, y: 0.24, radius: 0.028, colour: '#fdf3da', glow: 0.34, glitter: 1.5 }, stars: 500, waves: { steep: 0.12 },
    },
  },
  {
    slug: 'clifford-veil', title: 'Veil', format: 'jpg', kb: 210, draw: attractor,
    look: { kind: 'clifford', values: [-1.4, 1.6, 1.0, 0.7], palette: P.plum },
  },
  {
    slug: 'dunes-at-dusk', title: 'Dunes at dusk', format: 'jpg', kb: 200, draw: dunes,
    look: {
      seed: 21, sand: ['#8a4a2c', '#c47a48', '#e8ab72'], sunlight: '#ffd2a0', shadow: '#5a4a78',
      sun: { heading: 0.35, slope: 0.3 },
      sky: { seed: 2, colours: ['#f3b98a', '#c98a92', '#6d6aa0', '#2f3f78'], cloud: '#e8a48e', cloudiness: 0.4, sun: { azimuth: 0.35, elevation: 0.3, radius: 0.0, colour: '#ffd9a8', glow: 0.15 } },
      camera: { x: 300, y: 400, above: 62, heading: 1.75, horizon: 0.24, focal: 1.25 },
      air: { density: 0.0007, depth: 90, cool: '#c39aa0', warm: '#f4c79a' },
    },
  },
  {
    slug: 'coral-garden', title: 'Coral garden', format: 'webp', kb: 170, draw: reactionDiffusion,
    look: { seed: 5, feed: 0.0545, kill: 0.062, steps: 6000, palette: reversed(P.rose) },
  },
  {
    slug: 'winter-lace', title: 'Winter lace', format: 'jpg', kb: 220, draw: julia,
    look: { c: [-0.7269, 0.1889], span: 2.1, turn: 0.35, palette: P.indigo, cycles: 1.1, offset: 0.05, limit: 1500 },
  },
  {
    slug: 'harbour-glass', title: 'Harbour glass', format: 'png', kb: 300, grain: 0, vignette: 0, draw: glass,
    look: { seed: 9, count: 620, palette: P.seaglass, lead: '#10191c' },
  },
  {
    slug: 'summits', title: 'Above the glacier', format: 'jpg', kb: 220, draw: ranges,
    look: {
      seed: 31, rock: ['#3a4238', '#5c574f', '#77706a', '#8d8780'], snow: '#f6f9ff', snowLine: 0.42, sunlight: '#ffe2bd', shadow: '#6d86b8',
      sun: { heading: 2.4, slope: 0.42 },
      sky: { seed: 7, colours: ['#dfe6ea', '#9dbcd8', '#4f83b8', '#22508c'], cloud: '#ffffff', cloudiness: 0.6, sun: { azimuth: 2.4, elevation: 0.4, radius: 0, colour: '#fff0d8', glow: 0.2 } },
      camera: { x: 500, y: 700, above: 130, heading: 1.2, horizon: 0.3, focal: 1.2 },
      air: { density: 0.0013, depth: 110, cool: '#b9cbdc', warm: '#f3dfc4' },
    },
  },
  {
    slug: 'folded-stone', title: 'Folded stone', format: 'jpg', kb: 210, draw: marble,
    look: { seed: 14, palette: ['#0f1c22', '#23424a', '#6c8f8f', '#d9d6c4', '#faf6ea'], accent: '#c9974a' },
  },
  {
    slug: 'northern-curtain', title: 'Northern curtain', format: 'webp', kb: 180, draw: aurora,
    look: {
      seed: 6, night: ['#16324a', '#0d1b38', '#070d20'], glow: ['#7dffb0', '#3fd9a4', '#3a9fc0', '#6a4fb5', '#a0428f'], power: 0.75, stars: 900, shore: 0.74,
      hills: [{ tall: 0.07, colour: '#0c1d2c' }, { tall: 0.035, colour: '#050d16' }],
    },
  },
  {
    slug: 'newton-garden', title: 'Three gardens', format: 'jpg', kb: 230, draw: newton,
    look: {
      roots: rootsOfUnity(3), span: 2.6, turn: 0.5, depth: 20,
      ramps: [['#f7ead2', '#e0a96d', '#9a4a2e', '#2b1220'], ['#eef2e2', '#9cc2a5', '#2f6b62', '#10231c'], ['#eef0f2', '#9db4cf', '#3a5a8c', '#10183a']],
    },
  },
  {
    slug: 'pines-in-fog', title: 'Pines in fog', format: 'jpg', kb: 180, draw: mountains,
    look: {
      seed: 23, layers: 6, top: 0.3, rough: 0.25, mistiness: 0.9, mist: '#dfe5e2', trees: true, cloud: 0.2,
      sky: ['#b9c7c8', '#d5dddb', '#e9ece6'], land: ['#b4c2c1', '#86a09f', '#4d6b69', '#16292b'],
    },
  },
  {
    slug: 'silk-night', title: 'Silk at night', format: 'jpg', kb: 230, draw: silk,
    look: { seed: 8, ground: '#080b1a', colours: ['#20386e', '#4f83a8', '#e8c99a', '#c46a4a'] },
  },
  {
    slug: 'armada', title: 'Armada', format: 'jpg', kb: 210, draw: burningShip,
    look: { centre: [-1.762, -0.028], span: 0.085, palette: P.ember, cycles: 0.62, offset: 0.55 },
  },
  {
    slug: 'tree-rings', title: 'A hundred and fifty summers', format: 'png', kb: 290, grain: 0, vignette: 0, draw: growthRings,
    look: { seed: 17, paper: '#f5ecd9', inks: ['#3b1e12', '#8a4a24', '#c98b4a', '#6b5a3a'], centre: [430, 360] },
  },
  {
    slug: 'morning-calm', title: 'Morning calm', format: 'jpg', kb: 170, draw: sea,
    look: {
      seed: 12, sky: ['#fbe3c8', '#efc3b0', '#b9b4c8', '#7d9cc0'], deep: '#2f4f66', cloud: ['#b8a8b8', '#fff0dc'], cover: 0.4, horizon: 0.46, fog: 0.9,
      light: { x: -0.22, y: 0.1, radius: 0.026, colour: '#fff3d6', glow: 0.4, glitter: 0.9 }, waves: { steep: 0.045, longest: 18 },
      islands: [{ from: 0.55, to: 1.15, tall: 0.09, colour: '#9a98b4' }, { from: 0.74, to: 1.3, tall: 0.06, colour: '#6d7398' }],
    },
  },
  {
    slug: 'elephant-spirals', title: 'Elephant spirals', format: 'webp', kb: 220, draw: mandelbrot,
    look: { centre: [0.2925755, -0.0149977], span: 0.0021, limit: 2500, palette: P.saffron, cycles: 0.8, offset: 0.2, turn: 0.6 },
  },
  {
    slug: 'agate', title: 'Agate', format: 'jpg', kb: 200, draw: agate,
    look: { seed: 18, palette: ['#1a2b3c', '#33597a', '#7fa6b8', '#e6e2d3', '#c98f6a', '#7a3b2e'], centre: [0.95, 0.45], heart: '#f3efe6' },
  },
  {
    slug: 'ridge-lines', title: 'Sixty ridges', format: 'png', kb: 250, grain: 0, vignette: 0, draw: ridgeLines,
    look: { seed: 25, paper: '#10172b', far: '#d9825b', near: '#f7e6c4' },
  },
  {
    slug: 'copper-range', title: 'Copper range', format: 'jpg', kb: 200, draw: ranges,
    look: {
      seed: 44, relief: 190, rock: ['#6e3a24', '#9a5230', '#b86c40', '#d39a66'], snow: '#ffffff', snowLine: 2, sunlight: '#ffc27a', shadow: '#6f5a8a',
      sun: { heading: 0.2, slope: 0.3 },
      sky: { seed: 3, colours: ['#fbd9a4', '#eda27c', '#a5708e', '#4d4a80'], cloud: '#f6b48c', cloudiness: 0.7, sun: { azimuth: 0.2, elevation: 0.12, radius: 0.028, colour: '#fff2d0', glow: 0.45 } },
      camera: { x: 900, y: 300, above: 120, heading: 0.5, horizon: 0.36, focal: 1.1 },
      air: { density: 0.0022, depth: 90, cool: '#b08a9c', warm: '#fbcf98' },
    },
  },
  {
    slug: 'dragonfly', title: 'Dragonfly', format: 'jpg', kb: 210, draw: attractor,
    look: { kind: 'dejong', values: [1.641, 1.902, 0.316, 1.525], palette: ['#f6f0e2', '#cfd8cf', '#6c9aa0', '#23506b', '#0d1c33'] },
  },
  {
    slug: 'pebble-beach', title: 'Pebble beach', format: 'jpg', kb: 260, draw: pebbles,
    look: { seed: 13, count: 460, palette: ['#3c444c', '#6f7478', '#a59a8c', '#cfc4b2', '#8a5f4e', '#ded8cc'], gap: '#1d1f22' },
  },
  {
    slug: 'paper-hills', title: 'Paper hills', format: 'webp', kb: 140, draw: paperCut,
    look: { seed: 30, palette: P.glacier, layers: 11 },
  },
  {
    slug: 'red-sun', title: 'Red sun', format: 'jpg', kb: 190, draw: sea,
    look: {
      seed: 33, sky: ['#f7a15e', '#d9604f', '#7d3a5a', '#2b2347'], deep: '#1a1430', cloud: ['#3f2548', '#ffb07a'], cover: 0.55, horizon: 0.56,
      light: { x: 0.02, y: 0.07, radius: 0.06, colour: '#ffe0a0', glow: 0.45, glitter: 1.2 }, waves: { steep: 0.1, heading: -0.3 },
    },
  },
  {
    slug: 'dendrite', title: 'Dendrite', format: 'jpg', kb: 200, draw: julia,
    look: { c: [-0.1011, 0.9563], span: 2.0, turn: 0.9, palette: P.seaglass, cycles: 0.75, offset: 0.1, limit: 900 },
  },
  {
    slug: 'fingerprint', title: 'Labyrinth', format: 'png', kb: 300, grain: 0, vignette: 0, draw: reactionDiffusion,
    look: { seed: 41, feed: 0.029, kill: 0.057, steps: 7000, spots: 60, palette: ['#0f2233', '#1f4a5c', '#d8c9a4', '#f7f0de'], relief: 6 },
  },
  {
    slug: 'blue-ridges', title: 'Nine blue ridges', format: 'webp', kb: 150, draw: mountains,
    look: {
      seed: 52, layers: 9, top: 0.32, rough: 0.45, mistiness: 0.75, mist: '#b9cfe2', cloud: 0.3,
      sky: ['#5f8fc4', '#a9c6e0', '#e6eaea'], land: ['#a5c0da', '#6f97bf', '#3a6494', '#0f2748'],
    },
  },
  {
    slug: 'harmonograph', title: 'Harmonograph', format: 'png', kb: 320, grain: 0, vignette: 0, draw: harmonograph,
    look: { seed: 19, paper: '#0f1a2c', inks: ['#e7c58a', '#7fb2b5', '#d97a5a'], ratios: [2, 3, 3, 2] },
  },
  {
    slug: 'white-dunes', title: 'White dunes by moonlight', format: 'jpg', kb: 180, draw: dunes,
    look: {
      seed: 61, crests: 6, sand: ['#8e98ac', '#b4bccb', '#d8dde4'], sunlight: '#c3d2ec', shadow: '#2a3763',
      sun: { heading: 2.7, slope: 0.34 },
      sky: { seed: 12, colours: ['#3e5384', '#24356a', '#131d45', '#080d26'], cloud: '#5a6a98', cloudiness: 0.35, sun: { azimuth: 1.95, elevation: 0.15, radius: 0.028, colour: '#f4f1e4', glow: 0.25 } },
      camera: { x: 900, y: 200, above: 55, heading: 1.6, horizon: 0.34, focal: 1.2 },
      air: { density: 0.0008, depth: 80, cool: '#324672', warm: '#5d709c' },
    },
  },
  {
    slug: 'quintet', title: 'Quintet', format: 'jpg', kb: 230, draw: newton,
    look: {
      roots: rootsOfUnity(5, 0.8), span: 1.7, centre: [-0.35, 0.1], turn: 0.2, depth: 26, relax: 0.92,
      ramps: [['#fbefdc', '#e6b98a', '#a4533f', '#3a1420'], ['#f5ead8', '#d5a28c', '#7d3b4a', '#220d1e'], ['#efe9dc', '#b7b09c', '#5f5f5c', '#17191f'], ['#e9ede6', '#a9c0b8', '#4a7473', '#0f2328'], ['#f3ecdf', '#d9c79b', '#8c6f3a', '#2a1c10']],
    },
  },
  {
    slug: 'emerald-sky', title: 'Emerald sky', format: 'jpg', kb: 180, draw: aurora,
    look: {
      seed: 27, shift: 2.3, night: ['#1d2f3f', '#101a30', '#060914'], glow: ['#b8ffb0', '#5fe08f', '#2fb58c', '#2f7fa0', '#443a90'], power: 0.95, stars: 1100, shore: 0.82,
      hills: [{ tall: 0.14, colour: '#10222e' }, { tall: 0.06, colour: '#060e15' }],
    },
  },
  {
    slug: 'triple-spiral', title: 'Triple spiral', format: 'jpg', kb: 240, draw: mandelbrot,
    look: { centre: [-0.0893, 0.6542], span: 0.006, limit: 2000, palette: P.rose, cycles: 0.8, offset: 0.0 },
  },
  {
    slug: 'ink-bloom', title: 'Ink bloom', format: 'jpg', kb: 170, draw: inkWash,
    look: { seed: 37, paper: '#f5f0e6', inks: ['#15243f', '#a5483c'] },
  },
  {
    slug: 'river-delta', title: 'River delta', format: 'webp', kb: 230, draw: silk,
    look: { seed: 15, ground: '#0a1512', colours: ['#1f5c4c', '#7fb58a', '#f0e2b0', '#c9853f'], scale: 2.6, swirl: 0.8 },
  },
  {
    slug: 'moon-of-discs', title: 'Moon of discs', format: 'png', kb: 330, grain: 0, vignette: 0, draw: discMoon,
    look: {
      seed: 2, paper: '#0d1526', moon: ['#f6e7c1', '#f1d79a', '#fbf3de', '#e9c47a'],
      bands: [['#16264a', '#1b2f5c', '#22386b'], ['#22386b', '#2a4a7e', '#1b2f5c'], ['#3a5f8f', '#2a4a7e', '#56799f'], ['#8a6d85', '#6d5f86', '#a5788a'], ['#d0876b', '#b86a62', '#e0a07a'], ['#7d3b4a', '#93494f', '#5a2c44'], ['#2b1a33', '#3a2140', '#1f1428']],
    },
  },
  {
    slug: 'archipelago', title: 'Archipelago', format: 'jpg', kb: 200, draw: ranges,
    look: {
      seed: 71, relief: 150, water: 0.34, waterColour: '#2f7486', rock: ['#5a6b3c', '#6d7a48', '#8a8560', '#b0a88c'], snow: '#ffffff', snowLine: 2, sunlight: '#ffe7b8', shadow: '#5f7f9c',
      sun: { heading: 5.6, slope: 0.45 },
      sky: { seed: 5, colours: ['#fbeed4', '#cfdcdc', '#86b4cc', '#3f7fae'], cloud: '#ffffff', cloudiness: 0.75, sun: { azimuth: 5.6, elevation: 0.42, radius: 0, colour: '#fff3d2', glow: 0.3 } },
      camera: { x: 300, y: 1500, above: 150, heading: 5.2, horizon: 0.28, focal: 1.15 },
      air: { density: 0.0011, depth: 130, cool: '#bfd3d8', warm: '#fbe8c4' },
    },
  },
  {
    slug: 'night-moth', title: 'Night moth', format: 'webp', kb: 210, draw: attractor,
    look: { kind: 'clifford', values: [1.7, 1.7, 0.6, 1.2], palette: P.ember, turn: 0 },
  },
  {
    slug: 'contour-map', title: 'Contour map', format: 'jpg', kb: 230, draw: paperCut,
    look: { seed: 45, palette: ['#cfdccf', '#e3e3c8', '#f2e6c8', '#ecd0a4', '#d9ab80'], layers: 9, zoom: 1.7, line: '#4a3a2c' },
  },
  {
    slug: 'ember-julia', title: 'Embers', format: 'jpg', kb: 220, draw: julia,
    look: { c: [-0.4, 0.6], span: 1.55, turn: -0.3, palette: P.ember, cycles: 1.0, offset: 0.1, limit: 1200 },
  },
  {
    slug: 'alpine-night', title: 'Alpine night', format: 'jpg', kb: 180, draw: mountains,
    look: {
      seed: 67, layers: 5, top: 0.46, rough: 0.95, mistiness: 0.55, mist: '#4f6694', stars: 420, cloud: 0.15,
      sky: ['#070b1e', '#16234c', '#3f5688', '#8a93ae'], land: ['#5a6d98', '#33456f', '#18244a', '#070b1c'],
      sun: { u: 0.42, v: 0.17, radius: 0.038, colour: '#f8f2df', glow: 0.22 },
    },
  },
  {
    slug: 'leopard', title: 'Moss and lichen', format: 'webp', kb: 190, draw: reactionDiffusion,
    look: { seed: 58, feed: 0.036, kill: 0.0625, vary: 1.6, steps: 8000, spots: 70, palette: ['#10231c', '#2a5443', '#8fae7c', '#e6dfae', '#f5f0da'] },
  },
  {
    slug: 'rose-marble', title: 'Rose marble', format: 'webp', kb: 180, draw: marble,
    look: { seed: 73, palette: ['#2b1220', '#7a3644', '#cf8f84', '#f0d8c8', '#fdf7ef'], accent: '#8a6a3a', zoom: 1.9, fold: 2.0 },
  },
  {
    slug: 'minibrot', title: 'An island far from shore', format: 'jpg', kb: 240, draw: mandelbrot,
    look: { centre: [-1.768778833, -0.001738996], span: 0.00012, limit: 3000, palette: P.nocturne, cycles: 1.2, offset: 0.3, turn: 0.2 },
  },
  {
    slug: 'pale-winter', title: 'Pale winter', format: 'jpg', kb: 160, draw: mountains,
    look: {
      seed: 82, layers: 7, top: 0.36, rough: 0.85, mistiness: 0.85, mist: '#f4f1ee', cloud: 0.4,
      sky: ['#a9b7c8', '#cfd5dc', '#f0e6e0'], land: ['#ccd3dc', '#a3b0c0', '#6f8098', '#2f3d54'],
      sun: { u: 1.05, v: 0.22, radius: 0.03, colour: '#fffaf0', glow: 0.25 },
    },
  },
  {
    slug: 'concentric', title: 'Full moons', format: 'png', kb: 300, grain: 0, vignette: 0, draw: ringedCircles,
    look: { seed: 16, paper: '#1b2436', inks: ['#f3e3c3', '#e0b070', '#c8643f', '#8a2f3a', '#2f5d6b', '#7fa8a0', '#1f3a52', '#f3e3c3'] },
  },
  {
    slug: 'last-wave', title: 'Last light on the water', format: 'webp', kb: 200, draw: sea,
    look: {
      seed: 90, sky: ['#f2c59a', '#b98aa0', '#5f6a9c', '#26386c'], deep: '#10233c', cloud: ['#4a4a74', '#f4bd9c'], cover: 0.6, horizon: 0.4, fog: 0.5,
      light: { x: 0.3, y: 0.04, radius: 0.03, colour: '#fff0c8', glow: 0.4, glitter: 1.3 }, waves: { steep: 0.15, longest: 34, heading: 0.6 },
      islands: [{ from: -0.1, to: 0.3, tall: 0.1, colour: '#4d5486' }],
    },
  },
];
