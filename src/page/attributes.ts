import { PeerfoldError } from '../core/errors.js';
import type { PeerfoldOptions } from './options.js';

/** Each reads one attribute's text; `undefined` when that makes no sense. */
type Readers = { readonly [K in keyof PeerfoldOptions]-?: (text: string) => PeerfoldOptions[K] | undefined };

const amount = numberUpTo(Number.MAX_VALUE);
const isOn = (text: string): true | undefined => text === '' || text === 'true' || undefined;

/** By the option that the attribute sets: `data-ice-servers` sets `iceServers`. */
const readers: Readers = {
  consent: (text) => (text === 'required' || text === 'implied' ? text : undefined),
  sw: (text) => text || undefined,
  upload: amount,
  uploadRatio: amount,
  uploadSession: amount,
  uploadMonth: amount,
  rollout: numberUpTo(1),
  control: numberUpTo(1),
  beacons: addressOf,
  beaconShare: numberUpTo(1),
  notice: isOn,
  privacy: (text) => text || undefined,
  iceServers: iceServersOf,
  relayOnly: isOn,
  overlay: isOn,
  off: isOn,
};

/**
 * Reads the script tag's `data-` attributes.
 * @throws PeerfoldError `bad-attribute`, naming the attribute that is unknown, malformed or missing.
 */
export function optionsOf(attributes: Iterable<{ name: string; value: string }>): PeerfoldOptions {
  const options: Partial<PeerfoldOptions> = {};
  for (const { name, value } of attributes) {
    if (!name.startsWith('data-')) continue;
    const key = name.slice(5).replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    if (!isOption(key)) throw bad(name, 'is unknown');
    const read = readers[key](value.trim());
    if (read === undefined) throw bad(name, `cannot be "${value}"`);
    Object.assign(options, { [key]: read });
  }
  const { consent } = options;
  if (!consent) throw bad('data-consent', 'is missing: choose "required" or "implied"');
  return { ...options, consent };
}

function isOption(key: string): key is keyof PeerfoldOptions {
  return Object.hasOwn(readers, key);
}

function bad(name: string, problem: string): PeerfoldError {
  return new PeerfoldError('bad-attribute', `${name} ${problem}`);
}

function numberUpTo(max: number): (text: string) => number | undefined {
  return (text) => {
    // `Number('')` is 0, which nobody means.
    const value = text === '' ? NaN : Number(text);
    return value >= 0 && value <= max ? value : undefined;
  };
}

function addressOf(text: string): string | undefined {
  return /^https?:\/\//.test(text) && URL.canParse(text) ? text : undefined;
}

function iceServersOf(text: string): RTCIceServer[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every(isIceServer) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isIceServer(value: unknown): value is RTCIceServer {
  const urls = (value as { urls?: unknown } | null)?.urls;
  const list: unknown[] = Array.isArray(urls) ? urls : [urls];
  return list.length > 0 && list.every((url) => typeof url === 'string' && /^(stun|turn)s?:/.test(url));
}
