import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rankAtEdge } from '../../../src/core/live-edge.js';
import { holds } from '../../support/property.js';

const names = fc.uniqueArray(fc.base64String({ minLength: 1 }), { minLength: 1, maxLength: 30 });

describe('the queue at a live edge', () => {
  it('has one place for everybody, and all agree on it', () => {
    const queue = fc.property(fc.webUrl(), names, (url, all) => {
      const ranks = all.map((self) => rankAtEdge(url, self, all));
      expect(ranks.sort((a, b) => a - b)).toEqual(all.map((_, place) => place));
    });
    return holds(queue);
  });

  it('counts nobody twice, nor oneself', () => {
    const url = 'https://site.example/live/1.m4s';
    expect(rankAtEdge(url, 'a', [])).toBe(0);
    expect(rankAtEdge(url, 'a', ['a', 'a'])).toBe(0);
    expect(rankAtEdge(url, 'a', ['b', 'b']) + rankAtEdge(url, 'b', ['a', 'a'])).toBe(1);
  });

  it('gives each about as many segments to fetch', () => {
    const all = Array.from({ length: 8 }, (_, i) => `BKey${i}viewer`);
    const fetched = new Map(all.map((name) => [name, 0]));
    for (let segment = 0; segment < 4000; segment++) {
      const url = `https://site.example/live/${segment}.m4s`;
      const first = all.find((self) => rankAtEdge(url, self, all) === 0) ?? '';
      fetched.set(first, (fetched.get(first) ?? 0) + 1);
    }
    for (const count of fetched.values()) {
      expect(count).toBeGreaterThan(400);
      expect(count).toBeLessThan(600);
    }
  });
});
