import { expect, it } from 'vitest';
import { Interned } from '../../../tracker-service/server/interned.js';

it('gives texts back as they are, whatever strangers send', () => {
  const texts = new Interned();
  const sent = Array.from({ length: 3_000 }, (_, i) => `https://${i % 1_500}.example`);
  expect(sent.map((text) => texts.of(text))).toEqual(sent);
  const long = 'x'.repeat(10_000);
  expect(texts.of(long)).toBe(long);
});

it('keeps a bounded number of them', () => {
  const texts = new Interned();
  for (let i = 0; i < 5_000; i++) texts.of(`https://${i}.example`);
  texts.of('x'.repeat(301));
  expect(texts.size).toBe(1_000);
});
