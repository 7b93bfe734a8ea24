import { describe, expect, it } from 'vitest';
import { networkOf, type Device } from '../../../src/page/upload-network.js';
import { DESKTOP } from '../../support/fake-visitor.js';

const ua = (platform: string, rest = ''): Device => ({
  userAgent: `Mozilla/5.0 (${platform}) ${rest}`,
  maxTouchPoints: 0,
});
const IPHONE = ua('iPhone; CPU iPhone OS 18_0 like Mac OS X', 'Version/18.0 Mobile/15E148 Safari/604.1');
const ANDROID = ua('Linux; Android 10; K', 'Chrome/156.0.0.0 Mobile Safari/537.36');
const TABLET = ua('Linux; Android 10; K', 'Chrome/156.0.0.0 Safari/537.36');
const MAC = ua('Macintosh; Intel Mac OS X 10_15_7', 'Version/18.0 Safari/605.1.15');
const TOUCH_LAPTOP = {
  ...ua('Windows NT 10.0; Win64; x64', 'Chrome/156.0.0.0 Safari/537.36'),
  maxTouchPoints: 10,
};

describe('the network', () => {
  it.each(['wifi', 'ethernet'])('is free of charge by %s, on a phone too', (type) => {
    expect(networkOf({ ...DESKTOP, connection: { type } })).toBe('unmetered');
    expect(networkOf({ ...ANDROID, connection: { type } })).toBe('unmetered');
  });

  it.each(['cellular', 'wimax', 'bluetooth', 'none', 'something new'])('costs, or may, by %s', (type) => {
    expect(networkOf({ ...DESKTOP, connection: { type } })).toBe('metered');
  });

  it.each([undefined, {}, { type: 'unknown' }, { type: 'other' }, { type: 'mixed' }])(
    'is unknown on a desktop that says %j, and taken to cost on a phone',
    (connection) => {
      const told = connection === undefined ? {} : { connection };
      expect(networkOf({ ...DESKTOP, ...told })).toBe('unknown');
      expect(networkOf({ ...ANDROID, ...told })).toBe('metered');
    },
  );

  it.each([
    ['an iPhone', IPHONE, 'metered'],
    ['an Android tablet', TABLET, 'metered'],
    ['Firefox on Android', ua('Android 15; Mobile; rv:153.0', 'Gecko/153.0 Firefox/153.0'), 'metered'],
    ['an iPad that says it is a Mac', { ...MAC, maxTouchPoints: 5 }, 'metered'],
    ['a device that says it is mobile', { ...DESKTOP, userAgentData: { mobile: true } }, 'metered'],
    ['a Mac', MAC, 'unknown'],
    ['a laptop with a touch screen', TOUCH_LAPTOP, 'unknown'],
  ])('unknown on %s is %s', (_, device, network) => {
    expect(networkOf(device)).toBe(network);
  });
});
