import { PeerfoldError } from '../core/errors.js';
import type { PeerfoldOptions } from './options.js';

type Mutable<T> = { -readonly [K in keyof T]?: T[K] };

/** Each reads one attribute's text into the options; false when the text makes no sense. */
const readers: Readonly<Record<string, (text: string, options: Mutable<PeerfoldOptions>) => boolean>> = {
  consent: (text, options) => {
    if (text !== 'required' && text !== 'implied') return false;
    options.consent = text;
    return true;
  },
  sw: (text, options) => {
    options.sw = text;
    return text !== '';
  },
  upload: (text, options) => {
    options.upload = numberOf(text);
    return options.upload >= 0 && options.upload < Infinity;
  },
  rollout: (text, options) => {
    options.rollout = numberOf(text);
    return options.rollout >= 0 && options.rollout <= 1;
  },
  'ice-servers': (text, options) => {
    const servers = iceServersOf(text);
    if (servers) options.iceServers = servers;
    return servers !== undefined;
  },
  overlay: (text, options) => {
    options.overlay = true;
    return text === '' || text === 'true';
  },
};

/**
 * Reads the script tag's `data-` attributes.
 * @throws PeerfoldError `bad-attribute`, naming the attribute that is unknown, malformed or missing.
 */
export function optionsOf(attributes: Iterable<{ name: string; value: string }>): PeerfoldOptions {
  const options: Mutable<PeerfoldOptions> = {};
  for (const { name, value } of attributes) {
    if (!name.startsWith('data-')) continue;
    const key = name.slice(5);
    if (!Object.hasOwn(readers, key)) throw bad(name, 'is unknown');
    if (!readers[key]?.(value.trim(), options)) throw bad(name, `cannot be "${value}"`);
  }
  const { consent } = options;
  if (!consent) throw bad('data-consent', 'is missing: choose "required" or "implied"');
  return { ...options, consent };
}

function bad(name: string, problem: string): PeerfoldError {
  return new PeerfoldError('bad-attribute', `${name} ${problem}`);
}

/** `Number('')` is 0, which nobody means. */
function numberOf(text: string): number {
  return text === '' ? NaN : Number(text);
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
