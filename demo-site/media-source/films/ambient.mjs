// A soft ambient pad: slow chords of detuned sines, a few bells, and breath of filtered noise.
import { createRandom } from '../lib/random.mjs';

const RATE = 48000;

/** @param {number} note MIDI number */
const pitch = (note) => 440 * 2 ** ((note - 69) / 12);

/** Add one voice: a sine with soft overtones, swelling and fading. */
function addVoice(left, right, { note, start, length, level, pan, random }) {
  const frequency = pitch(note);
  const drift = random.range(0.06, 0.13);
  const phase = random.next() * 6.28;
  const end = Math.min(left.length, Math.floor((start + length) * RATE));
  for (let i = Math.max(0, Math.floor(start * RATE)); i < end; i++) {
    const t = i / RATE;
    const swell = Math.sin(Math.PI * ((t - start) / length)) ** 2;
    const slow = Math.sin(t * drift * 6.28 + phase);
    const a = 6.2832 * frequency * t;
    const tone =
      Math.sin(a + phase + slow * 0.6) + 0.32 * Math.sin(a * 2.001 + slow) + 0.1 * Math.sin(a * 3.003);
    const value = tone * swell * level * (0.85 + 0.15 * slow);
    left[i] += value * (1 - pan);
    right[i] += value * pan;
  }
}

/** Add one bell: a struck sine with an inharmonic partial. */
function addBell(left, right, note, start, level, pan) {
  const frequency = pitch(note);
  const end = Math.min(left.length, Math.floor((start + 5) * RATE));
  for (let i = Math.floor(start * RATE); i < end; i++) {
    const t = i / RATE - start;
    const attack = Math.min(1, t * 60);
    const a = 6.2832 * frequency * t;
    const value =
      level * attack * (Math.exp(-t * 1.1) * Math.sin(a) + 0.25 * Math.exp(-t * 3) * Math.sin(a * 2.76));
    left[i] += value * (1 - pan);
    right[i] += value * pan;
  }
}

/** Add noise through a slowly opening and closing filter, like surf or wind. */
function addBreath(channel, random, level, period, offset) {
  let low = 0;
  let lower = 0;
  for (let i = 0; i < channel.length; i++) {
    const wave = 0.5 - 0.5 * Math.cos(((i / RATE + offset) / period) * 6.2832);
    const open = 0.012 + 0.05 * wave * wave;
    low += (random.next() * 2 - 1 - low) * open;
    lower += (low - lower) * open * 1.5;
    channel[i] += lower * level * (0.25 + wave * wave);
  }
}

/** A simple reverb: four feedback delays, crossed between the sides. */
function addSpace(left, right) {
  const delays = [1693, 2393, 3301, 4483].map((n) => ({ n, l: new Float32Array(n), r: new Float32Array(n) }));
  for (let i = 0; i < left.length; i++) {
    let wetL = 0;
    let wetR = 0;
    for (const d of delays) {
      const k = i % d.n;
      const l = d.l[k];
      const r = d.r[k];
      d.l[k] = left[i] * 0.25 + r * 0.8;
      d.r[k] = right[i] * 0.25 + l * 0.8;
      wetL += l;
      wetR += r;
    }
    left[i] += wetL * 0.35;
    right[i] += wetR * 0.35;
  }
}

/** Normalise, fade in and out, and pack as a WAV file. */
function packWav(left, right) {
  let peak = 0;
  for (let i = 0; i < left.length; i++) peak = Math.max(peak, Math.abs(left[i]), Math.abs(right[i]));
  const wav = Buffer.alloc(44 + left.length * 4);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(wav.length - 8, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(2, 22);
  wav.writeUInt32LE(RATE, 24);
  wav.writeUInt32LE(RATE * 4, 28);
  wav.writeUInt16LE(4, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(left.length * 4, 40);
  for (let i = 0; i < left.length; i++) {
    const fade = Math.min(1, i / (RATE * 2), (left.length - i) / (RATE * 3));
    const gain = (fade * 0.62 * 32767) / peak;
    wav.writeInt16LE(Math.round(left[i] * gain), 44 + i * 4);
    wav.writeInt16LE(Math.round(right[i] * gain), 46 + i * 4);
  }
  return wav;
}

/**
 * Compose a pad.
 * @param {{seed: number, seconds: number, chords: number[][], scale: number[], breath: number, period: number}} score
 *   chords and scale are MIDI notes; `breath` is the level of the noise, `period` its tide in seconds
 * @returns {Buffer} a 16-bit stereo WAV file
 */
export function composeAmbient({ seed, seconds, chords, scale, breath, period }) {
  const random = createRandom(seed);
  const left = new Float32Array(seconds * RATE);
  const right = new Float32Array(seconds * RATE);
  const span = seconds / chords.length;
  chords.forEach((chord, c) => {
    for (const note of chord) {
      for (const detune of [-0.045, 0.05]) {
        addVoice(left, right, {
          note: note + detune,
          start: c * span - span * 0.35 + random.range(-0.6, 0.6),
          length: span * 1.75,
          level: note < 50 ? 0.16 : 0.085,
          pan: random.range(0.25, 0.75),
          random,
        });
      }
    }
  });
  for (let t = 3; t < seconds - 6; t += random.range(2.2, 5.5)) {
    addBell(left, right, random.pick(scale), t, random.range(0.03, 0.075), random.range(0.2, 0.8));
  }
  addBreath(left, random, breath, period, 0);
  addBreath(right, random, breath, period * 1.13, 2);
  addSpace(left, right);
  return packWav(left, right);
}
