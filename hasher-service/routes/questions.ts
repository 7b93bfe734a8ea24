import type { Site } from '../../src/core/brands.js';
import { MAX_DIGEST_URLS, MAX_URL_LENGTH } from '../../src/core/limits.js';
import { RecentMap } from '../../src/core/recent-map.js';
import { isListOf, isText, parseObject } from '../../src/protocol/check.js';
import { isSite } from '../../src/protocol/url.js';
import { MAX_BODY } from '../service.js';
import type { Statement } from '../signing/statements.js';

/** A statement, or when to ask again (ms). */
export type Answer = Statement | number;

export interface Question {
  readonly text: string;
  readonly site: Site;
  /** Not yet known to be canonical; those that have a statement are. */
  readonly urls: readonly string[];
  /** How it was answered the last time. */
  readonly last?: { readonly answers: readonly Answer[]; readonly bytes: Buffer };
}

/** Questions remembered, and the longest question and answer among them (bytes): 25 MiB at most. */
const MAX_FAMILIAR = 256;
const MAX_FAMILIAR_QUESTION = 16 * 1024;
const MAX_FAMILIAR_ANSWER = 64 * 1024;
/** Questions heard once that are known again. */
const HEARD = 4096;

/**
 * Reads questions and writes answers. The visitors of one page ask the same, word for word: then nothing
 * is parsed, and while the statements are the same the answer is not put together again.
 */
export class Questions {
  readonly #familiar = new RecentMap<string, Question>(MAX_FAMILIAR);
  readonly #heard = new Doorkeeper();

  constructor(private readonly sites: readonly Site[]) {}

  /** `undefined` for what is malformed or over a bound. */
  read(text: string): Question | undefined {
    return this.#familiar.get(text) ?? parseQuestion(text, this.sites);
  }

  /** The protocol's `DigestsResponse`. */
  write(question: Question, answers: readonly Answer[]): Buffer {
    const { text, last } = question;
    if (last && isSame(last.answers, answers)) return last.bytes;
    const bytes = written(answers);
    if (text.length > MAX_FAMILIAR_QUESTION || bytes.length > MAX_FAMILIAR_ANSWER) return bytes;
    if (last || this.#heard.knows(text)) this.#familiar.set(text, { ...question, last: { answers, bytes } });
    return bytes;
  }
}

/** Fingerprints of texts that were heard once: to remember what never comes again costs more than it gains. */
class Doorkeeper {
  readonly #prints = new Uint32Array(HEARD);

  /** Whether `text` was heard before, as far as that is still known; now it was. */
  knows(text: string): boolean {
    const print = fingerprint(text);
    const place = print % HEARD;
    const isKnown = this.#prints[place] === print;
    this.#prints[place] = print;
    return isKnown;
  }
}

/** FNV-1a of 32 bits. */
function fingerprint(text: string): number {
  let print = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) print = Math.imul(print ^ text.charCodeAt(i), 0x01000193);
  return print >>> 0;
}

/**
 * Does as the protocol's own parser, but parses no URL, which would cost more than all the rest of a
 * warm answer: a site that is ours is one, and a URL that has a statement is canonical.
 */
function parseQuestion(text: string, sites: readonly Site[]): Question | undefined {
  const body = parseObject(text, MAX_BODY);
  if (!body) return undefined;
  const { site: named, urls } = body;
  const site = sites.find((known) => known === named) ?? (isSite(named) ? named : undefined);
  if (!isListOf(urls, MAX_DIGEST_URLS, isUrlText) || urls.length === 0) return undefined;
  return site === undefined ? undefined : { text, site, urls };
}

function isUrlText(value: unknown): value is string {
  return isText(value, MAX_URL_LENGTH);
}

function isSame(before: readonly Answer[], answers: readonly Answer[]): boolean {
  return answers.every((answer, i) => answer === before[i]);
}

/** What stands around the answers. Each ends in a comma, the last one's place is the bracket's. */
const HEAD = Buffer.from('{"answers":[');
const TAIL = Buffer.from('}');
const BRACKET = ']'.charCodeAt(0);

/** Bytes of statements as they stand in answers: copying them costs a tenth of writing them anew. */
const items = new WeakMap<Statement, Buffer>();

function written(answers: readonly Answer[]): Buffer {
  const bytes = Buffer.concat([HEAD, ...answers.map(itemOf), TAIL]);
  bytes[bytes.length - TAIL.length - 1] = BRACKET;
  return bytes;
}

function itemOf(answer: Answer): Buffer {
  if (typeof answer === 'number') return Buffer.from(`{"pending":${answer}},`);
  const known = items.get(answer);
  if (known) return known;
  // A compact JWS is ASCII and needs no escaping.
  const item = Buffer.from(`"${answer.jws}",`, 'latin1');
  items.set(answer, item);
  return item;
}
