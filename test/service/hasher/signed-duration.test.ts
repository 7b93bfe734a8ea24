import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Bench } from './harness.js';

const FILM = readFileSync(new URL('../../support/films/front.mp4', import.meta.url));

it('how long a film lasts is signed, and that of nothing else', async () => {
  const bench = await Bench.start();
  bench.origin.serve('/film.mp4', FILM, { 'content-type': 'video/mp4' });
  bench.origin.serve('/film.bin', FILM, { 'content-type': 'application/octet-stream' });
  const film = (await bench.ask('/film.mp4')).digest;
  const bytes = (await bench.ask('/film.bin')).digest;
  expect(film?.dur).toBe(2.5);
  expect(film?.root).toBe(bytes?.root);
  expect(bytes).not.toHaveProperty('dur');
});
