import { describe, expect, it } from 'vitest';
import { PeerfoldError } from '../../../src/core/errors.js';
import { optionsOf } from '../../../src/page/attributes.js';

const read = (attributes: Record<string, string>) =>
  optionsOf(Object.entries(attributes).map(([name, value]) => ({ name, value })));

describe('script attributes', () => {
  it('give only what was written', () => {
    expect(read({ async: '', src: '/peerfold.js', 'data-consent': 'implied' })).toEqual({
      consent: 'implied',
    });
  });

  it('give everything, as numbers and objects', () => {
    const options = read({
      'data-consent': 'required',
      'data-sw': '/app/sw.js',
      'data-upload': '20000000',
      'data-upload-ratio': '1.5',
      'data-upload-session': '100000000',
      'data-upload-month': '1e10',
      'data-rollout': '0.25',
      'data-control': '0.05',
      'data-beacons': 'https://hash.example',
      'data-beacon-share': '0.5',
      'data-notice': '',
      'data-privacy': '/privacy',
      'data-off': 'true',
      'data-ice-servers': '[{"urls":"stun:a.example"},{"urls":["turn:b.example","turns:c.example"]}]',
      'data-relay-only': 'true',
      'data-overlay': '',
    });
    expect(options).toEqual({
      consent: 'required',
      sw: '/app/sw.js',
      upload: 20_000_000,
      uploadRatio: 1.5,
      uploadSession: 100_000_000,
      uploadMonth: 10_000_000_000,
      rollout: 0.25,
      control: 0.05,
      beacons: 'https://hash.example',
      beaconShare: 0.5,
      notice: true,
      privacy: '/privacy',
      off: true,
      iceServers: [{ urls: 'stun:a.example' }, { urls: ['turn:b.example', 'turns:c.example'] }],
      relayOnly: true,
      overlay: true,
    });
  });

  it('take the bounds of their ranges', () => {
    expect(read({ 'data-consent': 'implied', 'data-rollout': '0', 'data-upload': '0' })).toMatchObject({
      rollout: 0,
      upload: 0,
    });
    expect(read({ 'data-consent': 'implied', 'data-rollout': '1' }).rollout).toBe(1);
  });

  it.each([
    ['data-consent', ''],
    ['data-consent', 'yes'],
    ['data-sw', ' '],
    ['data-upload', ''],
    ['data-beacons', 'hash.example'],
    ['data-beacons', 'javascript:alert(1)'],
    ['data-control', '2'],
    ['data-beacon-share', '-1'],
    ['data-upload', '-1'],
    ['data-upload', '1MB'],
    ['data-upload', 'Infinity'],
    ['data-upload-ratio', '-0.5'],
    ['data-upload-ratio', '200%'],
    ['data-upload-session', ''],
    ['data-upload-session', '1e999'],
    ['data-upload-month', '20 GB'],
    ['data-uploadratio', '1'],
    ['data-rollout', '1.01'],
    ['data-rollout', '10%'],
    ['data-rollout', 'NaN'],
    ['data-ice-servers', ''],
    ['data-ice-servers', 'stun:a.example'],
    ['data-ice-servers', '{}'],
    ['data-ice-servers', '[null]'],
    ['data-ice-servers', '[{}]'],
    ['data-ice-servers', '[{"urls":[]}]'],
    ['data-ice-servers', '[{"urls":"https://a.example"}]'],
    ['data-overlay', 'no'],
    ['data-relay-only', '1'],
    ['data-concent', 'implied'],
    ['data-__proto__', 'x'],
    ['data-constructor', 'x'],
  ])('refuse %s="%s", naming it', (name, value) => {
    const attempt = () => read({ 'data-consent': 'implied', [name]: value });
    expect(attempt).toThrow(PeerfoldError);
    expect(attempt).toThrow(name);
  });

  it('refuse a missing choice of consent', () => {
    expect(() => read({ src: '/peerfold.js' })).toThrow(/data-consent is missing/);
  });
});
