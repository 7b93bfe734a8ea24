import { describe, expect, it } from 'vitest';
import { LocalNetwork, mayPrompt, type Platform } from '../../../src/page/local-network.js';
import { CHOICE } from '../../../src/page/policy.js';
import { settle } from '../../support/fake-clock.js';
import { DESKTOP, fakeMemory } from '../../support/fake-visitor.js';

const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ';
const CHROME = `${MAC}AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36`;
const safari = (version: string) =>
  `${MAC}AppleWebKit/605.1.15 (KHTML, like Gecko) Version/${version} Safari/605.1.15`;

/** Chromium on a Mac, with what it tells of the system when asked. */
function chromium(version?: Promise<{ platformVersion?: string }>): Platform {
  const getHighEntropyValues = (): Promise<{ platformVersion?: string }> => version ?? Promise.resolve({});
  return { userAgent: CHROME, maxTouchPoints: 0, userAgentData: { platform: 'macOS', getHighEntropyValues } };
}

const REFUSING = {
  platform: 'macOS',
  getHighEntropyValues: () => Promise.reject(new DOMException('no', 'NotAllowedError')),
};
const LINUX: Platform = { ...DESKTOP, userAgentData: { platform: 'Linux' } };

const cases: readonly (readonly [string, Platform, boolean])[] = [
  ['Chromium on Linux', LINUX, false],
  ['a browser that tells nothing', { userAgent: '', maxTouchPoints: 0 }, false],
  ['Chromium on macOS 26', chromium(Promise.resolve({ platformVersion: '26.1.0' })), true],
  ['Chromium on macOS 15', chromium(Promise.resolve({ platformVersion: '15.6.1' })), false],
  ['Chromium that does not tell the version', chromium(), true],
  ['Chromium that refuses to tell', { ...chromium(), userAgentData: REFUSING }, true],
  ['Chromium that tells nonsense', chromium(Promise.resolve({ platformVersion: 'Tahoe' })), true],
  ['Safari 18', { userAgent: safari('18.4'), maxTouchPoints: 0 }, false],
  ['Safari 26', { userAgent: safari('26.0'), maxTouchPoints: 0 }, true],
  ['an iPad that says it is a Mac', { userAgent: safari('26.0'), maxTouchPoints: 5 }, false],
  ['Firefox on a Mac', { userAgent: `${MAC}Gecko/20100101 Firefox/153.0`, maxTouchPoints: 0 }, true],
];

describe('a prompt for the local network', () => {
  it.each(cases)('%s', async (_, device, prompts) => {
    expect(await mayPrompt(device)).toBe(prompts);
  });
});

describe('links', () => {
  const networkOf = (device: Platform, choice: Record<string, string> = {}, relayOnly = false) => {
    const told = { times: 0 };
    const changed = () => {
      told.times++;
    };
    const memory = fakeMemory(choice);
    return { told, memory, network: new LocalNetwork({ device, memory, options: { relayOnly }, changed }) };
  };

  it('wait until the platform has told, and no longer where it never asks', async () => {
    const { network, told } = networkOf(LINUX);
    expect(network.waits).toBe(true);
    await settle();
    expect(told.times).toBe(1);
    expect(network.waits).toBe(false);
  });

  it('wait for an explicit yes where it asks, and again once that is taken back', async () => {
    const { network, memory } = networkOf(chromium());
    await settle();
    expect(network.waits).toBe(true);
    memory.set(CHOICE, 'granted');
    expect(network.waits).toBe(false);
    memory.set(CHOICE, 'denied');
    expect(network.waits).toBe(true);
  });

  it('do not wait when all are relayed', async () => {
    const { network } = networkOf(chromium(), {}, true);
    await settle();
    expect(network.waits).toBe(false);
  });
});
