import { describe, expect, it } from 'vitest';
import {
  MAX_HAVE_ROOTS,
  MAX_SIGNALS,
  MAX_SIGNAL_LENGTH,
  MAX_TRACKER_MESSAGE,
  MAX_WANT_PEERS,
  MAX_WANT_ROOTS,
} from '../../../src/core/limits.js';
import {
  TRACKER_ERROR_CODES,
  parseClientMessage,
  parseTrackerMessage,
  type ClientMessage,
  type TrackerMessage,
} from '../../../src/protocol/tracker.js';
import { NOT_OBJECTS, onPrototype, withMissingFields, withWrongFields } from '../../support/hostile.js';
import { JWS, KEY, PID, PREFIX, SITE } from '../../support/samples.js';

const introduction = { pid: PID, key: KEY, admission: JWS, has: 'gA', pass: 'cGFzcw' };

const clientMessages: Record<string, { valid: object; optional: readonly string[] }> = {
  hello: {
    valid: { t: 'hello', v: 1, site: SITE, key: KEY, admission: JWS, resume: 'c2VjcmV0' },
    optional: ['admission', 'resume'],
  },
  proof: { valid: { t: 'proof', nonce: 'bm9uY2U' }, optional: [] },
  have: { valid: { t: 'have', seq: 1, add: [PREFIX], del: [] }, optional: [] },
  want: { valid: { t: 'want', q: 1, roots: [PREFIX], k: 6, live: 10 }, optional: [] },
  cancel: { valid: { t: 'cancel', q: 1 }, optional: [] },
  signal: { valid: { t: 'signal', list: [{ to: PID, pass: 'cGFzcw', box: 'Ym94' }] }, optional: [] },
  load: { valid: { t: 'load', up: 3 }, optional: [] },
  report: { valid: { t: 'report', pid: PID, ok: 5, bad: 0, slow: 1, bytes: 300_000 }, optional: [] },
  bye: { valid: { t: 'bye' }, optional: [] },
};

const trackerMessages: typeof clientMessages = {
  challenge: { valid: { t: 'challenge', box: 'Ym94' }, optional: [] },
  welcome: { valid: { t: 'welcome', pid: PID, resume: 'c2VjcmV0', lease: 90 }, optional: [] },
  ok: { valid: { t: 'ok', seq: 1 }, optional: [] },
  peers: { valid: { t: 'peers', q: 1, peers: [introduction] }, optional: [] },
  signal: {
    valid: { t: 'signal', from: PID, key: KEY, admission: JWS, pass: 'cGFzcw', box: 'Ym94' },
    optional: ['admission'],
  },
  error: {
    valid: { t: 'error', re: 'want', code: 'rate', message: 'Too fast.', retry: 1000 },
    optional: ['retry'],
  },
  bye: { valid: { t: 'bye', retry: [1000, 5000] }, optional: [] },
};

type Parse = (text: string) => ClientMessage | TrackerMessage | undefined;

const directions: [string, Parse, typeof clientMessages][] = [
  ['client', parseClientMessage, clientMessages],
  ['tracker', parseTrackerMessage, trackerMessages],
];

describe.each(directions)('what the %s says', (_who, parse, messages) => {
  describe.each(Object.entries(messages))('%s', (_t, { valid, optional }) => {
    it('is read', () => {
      expect(parse(JSON.stringify(valid))).toEqual(valid);
      for (const { what, value } of withMissingFields(
        valid,
        Object.keys(valid).filter((f) => !optional.includes(f)),
      )) {
        expect(parse(JSON.stringify(value)), what).toEqual(value);
      }
    });

    it('is refused with any field missing', () => {
      for (const { what, value } of withMissingFields(valid, optional)) {
        expect(parse(JSON.stringify(value)), what).toBeUndefined();
      }
    });

    it('is refused with any field wrong', () => {
      for (const { what, value } of withWrongFields(valid)) {
        expect(parse(JSON.stringify(value)), what).toBeUndefined();
      }
    });

    it('is refused when its fields sit elsewhere', () => {
      for (const text of onPrototype(valid)) expect(parse(text), text).toBeUndefined();
    });
  });

  it.each(NOT_OBJECTS.filter((text) => text !== '{"t":"bye"}'))('is never %j', (text) => {
    expect(parse(text)).toBeUndefined();
  });

  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty', 'Hello', 'hello ', '', 'pieces'])(
    'has no kind %j',
    (t) => {
      expect(parse(JSON.stringify({ t, v: 1 }))).toBeUndefined();
    },
  );

  it('is refused when oversize', () => {
    const [{ valid } = { valid: {} }] = Object.values(messages);
    expect(parse(JSON.stringify(valid) + ' '.repeat(2 * MAX_TRACKER_MESSAGE))).toBeUndefined();
  });
});

describe('bounds on what clients say', () => {
  const client = (message: object): ClientMessage | undefined => parseClientMessage(JSON.stringify(message));
  const prefixes = (count: number): string[] => Array.from({ length: count }, () => PREFIX);

  it('have: as many roots as are allowed fit a message', () => {
    expect(client({ t: 'have', seq: 1, add: prefixes(MAX_HAVE_ROOTS), del: [] })).toBeDefined();
    expect(client({ t: 'have', seq: 1, add: prefixes(MAX_HAVE_ROOTS + 1), del: [] })).toBeUndefined();
    expect(client({ t: 'have', seq: 1, add: [], del: prefixes(MAX_HAVE_ROOTS + 1) })).toBeUndefined();
  });

  it('want: roots, peers and life', () => {
    const want = { t: 'want', q: 1, roots: prefixes(MAX_WANT_ROOTS), k: MAX_WANT_PEERS, live: 120 };
    expect(client(want)).toBeDefined();
    expect(client({ ...want, roots: prefixes(MAX_WANT_ROOTS + 1) })).toBeUndefined();
    expect(client({ ...want, k: MAX_WANT_PEERS + 1 })).toBeUndefined();
    expect(client({ ...want, k: 0 })).toBeUndefined();
    expect(client({ ...want, live: 121 })).toBeUndefined();
  });

  it('signal: the box', () => {
    const signal = (box: string) => ({ t: 'signal', list: [{ to: PID, pass: 'cGFzcw', box }] });
    expect(client(signal('A'.repeat(MAX_SIGNAL_LENGTH)))).toBeDefined();
    expect(client(signal('A'.repeat(MAX_SIGNAL_LENGTH + 1)))).toBeUndefined();
  });

  it('signal: the list', () => {
    const signals = (count: number, one: unknown = { to: PID, pass: 'cGFzcw', box: 'Ym94' }) => ({
      t: 'signal',
      list: Array.from({ length: count }, () => one),
    });
    expect(client(signals(MAX_SIGNALS))).toBeDefined();
    expect(client(signals(MAX_SIGNALS + 1))).toBeUndefined();
    expect(client(signals(0))).toBeUndefined();
    for (const one of [null, {}, [], { to: PID }, { to: '../', pass: 'cGFzcw', box: 'Ym94' }])
      expect(client(signals(1, one))).toBeUndefined();
  });

  it.each([
    { t: 'hello', v: 2, site: SITE, key: KEY },
    { t: 'hello', v: '1', site: SITE, key: KEY },
    { t: 'hello', v: 1, site: `${SITE}/`, key: KEY },
    { t: 'have', seq: 1, add: [PREFIX.toUpperCase()], del: [] },
    { t: 'want', q: 1, roots: [PREFIX, null], k: 6, live: 1 },
    { t: 'load', up: 4 },
    { t: 'load', up: 0.5 },
    { t: 'offers', offers: [null] },
  ])('refuses %j', (message) => {
    expect(client(message)).toBeUndefined();
  });
});

describe('bounds on what trackers say', () => {
  const tracker = (message: object): TrackerMessage | undefined =>
    parseTrackerMessage(JSON.stringify(message));

  it('peers: as many introductions with the longest admissions as are allowed', () => {
    const long = { ...introduction, admission: `a.${'b'.repeat(8000)}.c` };
    const peers = (count: number): object[] => Array.from({ length: count }, () => long);
    expect(tracker({ t: 'peers', q: 1, peers: peers(MAX_WANT_PEERS) })).toBeDefined();
    expect(tracker({ t: 'peers', q: 1, peers: peers(MAX_WANT_PEERS + 1) })).toBeUndefined();
    expect(tracker({ t: 'peers', q: 1, peers: [] })).toBeDefined();
  });

  it('peers: one broken introduction spoils the list', () => {
    for (const { what, value } of withWrongFields(introduction)) {
      expect(tracker({ t: 'peers', q: 1, peers: [introduction, value] }), what).toBeUndefined();
    }
    for (const { what, value } of withMissingFields(introduction, ['admission'])) {
      expect(tracker({ t: 'peers', q: 1, peers: [value] }), what).toBeUndefined();
    }
  });

  it('error: only codes that are known', () => {
    for (const code of TRACKER_ERROR_CODES) {
      expect(tracker({ t: 'error', re: 'want', code, message: 'x' })).toBeDefined();
    }
    expect(tracker({ t: 'error', re: 'want', code: 'toString', message: 'x' })).toBeUndefined();
  });

  it.each([
    { t: 'bye', retry: [1] },
    { t: 'bye', retry: [1, 2, 3] },
    { t: 'bye', retry: [1, 3_600_001] },
    { t: 'welcome', pid: PID, resume: 'x', lease: 0 },
    { t: 'welcome', pid: PID, resume: 'x', lease: 3601 },
  ])('refuses %j', (message) => {
    expect(tracker(message)).toBeUndefined();
  });
});
