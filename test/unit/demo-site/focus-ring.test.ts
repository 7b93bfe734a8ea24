import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const CSS = readFileSync(new URL('../../../demo-site/public/site.css', import.meta.url), 'utf8');
const [LIGHT = '', DARK = ''] = [...CSS.matchAll(/:root \{([^}]*)\}/g)].map(([, body]) => body);

/** A custom property that is a colour, of the scheme that is on top of the other. */
function colour(name: string, ...schemes: readonly string[]): string {
  const found = schemes.flatMap((scheme) => new RegExp(`${name}: (#[0-9a-f]{6})`).exec(scheme)?.[1] ?? []);
  if (found[0] === undefined) throw new Error(`no colour ${name}`);
  return found[0];
}

/** Relative luminance as WCAG 2.2 defines it. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

describe('the focus ring', () => {
  const ring = /:focus-visible \{[^}]*outline: \d+px solid var\((--[a-z-]+)\)/.exec(CSS)?.[1] ?? '';

  it.each([
    ['light', [LIGHT]],
    ['dark', [DARK, LIGHT]],
  ])('has the contrast of 3:1 that WCAG 1.4.11 asks for, in the %s scheme', (_, schemes) => {
    for (const ground of ['--paper', '--raised'])
      expect(contrast(colour(ring, ...schemes), colour(ground, ...schemes))).toBeGreaterThanOrEqual(3);
  });
});
