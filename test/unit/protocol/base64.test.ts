import { describe, expect, it } from 'vitest';
import { fromBase64Url, toBase64Url } from '../../../src/protocol/base64.js';
import { seededBytes } from '../../support/random.js';

describe('base64url', () => {
  it('agrees with RFC 4648 section 10', () => {
    const vectors = { f: 'Zg', fo: 'Zm8', foo: 'Zm9v', foob: 'Zm9vYg', fooba: 'Zm9vYmE', foobar: 'Zm9vYmFy' };
    for (const [plain, text] of Object.entries(vectors)) {
      expect(toBase64Url(new TextEncoder().encode(plain))).toBe(text);
      expect(fromBase64Url(text)).toEqual(new TextEncoder().encode(plain));
    }
  });

  it('uses the alphabet that is safe in URLs, without padding', () => {
    expect(toBase64Url(Uint8Array.of(0xfb, 0xff, 0xfe))).toBe('-__-');
    expect(toBase64Url(Uint8Array.of(0xff))).toBe('_w');
  });

  it('agrees with Node for every length up to 100', () => {
    const random = seededBytes(1);
    for (let length = 0; length <= 100; length++) {
      const bytes = random(length);
      const text = Buffer.from(bytes).toString('base64url');
      expect(toBase64Url(bytes)).toBe(text);
      expect(fromBase64Url(text)).toEqual(bytes);
    }
  });

  it.each(['A', 'AAAAA', 'AA=', 'AA==', 'A+', 'A/', 'A A', 'AA\n', 'Ä', '%41'])('refuses %j', (text) => {
    expect(fromBase64Url(text)).toBeUndefined();
  });

  it.each(['Zh', 'Zm9', '_x'])('refuses %j, a second spelling of the same bytes', (text) => {
    expect(fromBase64Url(text)).toBeUndefined();
  });
});
