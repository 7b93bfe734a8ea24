import type { Bytes } from '../../src/core/bytes.js';
import { concat } from '../../src/core/bytes.js';
import type { Clock } from '../../src/core/clock.js';
import type { Span } from '../../src/core/pieces.js';
import { formatRange, parseContentRange } from '../../src/core/ranges.js';
import { pause } from '../pause.js';
import { digitsHeader, headerOf, listHeader, type Headers } from '../judging/headers.js';
import type { OriginAnswer, OriginClient, OriginRequest } from './client.js';
import { OriginFault } from './fault.js';
import { hasValidator, ifSame, strongValidator, type Validator } from './validators.js';

/** Tries to go on with a body that brought nothing new since the last one. */
const MAX_FRUITLESS = 3;
/** Before the first try to go on (ms); twice as long before each further one. */
const FIRST_PAUSE = 500;

/**
 * One representation as an origin answered with it: its body, going on after a dropped connection, and
 * further ranges of it. Parts are put together only under the same strong validator.
 */
export class Representation {
  readonly #validator: Validator | undefined;

  constructor(
    private readonly client: OriginClient,
    private readonly clock: Clock,
    readonly request: OriginRequest,
    private readonly answer: OriginAnswer,
  ) {
    this.#validator = strongValidator(answer.headers, answer.receivedAt);
  }

  get headers(): Headers {
    return this.answer.headers;
  }

  /** Bytes in all, where the origin said so. */
  get length(): number | undefined {
    return digitsHeader(this.answer.headers, 'content-length');
  }

  /** Leaves the body unread. */
  discard(): void {
    this.answer.discard();
  }

  /** The same asked for again, to be read from the start; throws `OriginFault` when it is no longer there. */
  async reopened(): Promise<Representation> {
    const request = { ...this.request, extra: this.#same };
    const answer = await this.client.send(request);
    const again = new Representation(this.client, this.clock, this.request, answer);
    const isSame = answer.status === 200 && again.length === this.length && this.#isValid(answer.headers);
    if (isSame) return again;
    answer.discard();
    throw new OriginFault('changed');
  }

  /** The whole body; throws `OriginFault`. May be read once. */
  async *body(): AsyncIterable<Bytes> {
    let { answer } = this;
    let at = 0;
    for (let fruitless = 0; ; fruitless++) {
      try {
        for await (const chunk of answer.body) {
          at += chunk.byteLength;
          fruitless = 0;
          yield chunk;
        }
        return;
      } catch (error) {
        if (!this.#mayGoOn(error, at) || fruitless >= MAX_FRUITLESS) throw error;
      }
      answer = await this.#goOn(at, fruitless);
    }
  }

  /** One range; `undefined` when the origin does not serve ranges, or not of this representation any more. */
  async read(span: Span): Promise<Bytes | undefined> {
    const answer = await this.#ask(span);
    if (!this.#isRange(answer, span)) {
      answer.discard();
      return undefined;
    }
    const chunks: Bytes[] = [];
    for await (const chunk of answer.body) chunks.push(chunk);
    return concat(chunks);
  }

  #mayGoOn(error: unknown, at: number): boolean {
    const isCutOff = error instanceof OriginFault && error.code === 'truncated';
    return isCutOff && this.#validator !== undefined && this.length !== undefined && at < this.length;
  }

  /** The rest from `at` on; one that cannot be had yet counts as an empty one. */
  async #goOn(at: number, fruitless: number): Promise<OriginAnswer> {
    await pause(this.clock, FIRST_PAUSE * 2 ** fruitless);
    const span = { start: at, end: this.length ?? at };
    const answer = await this.#ask(span).catch((error: unknown) => {
      if (error instanceof OriginFault && error.code === 'unreachable') return undefined;
      throw error;
    });
    if (!answer || answer.status >= 500) {
      answer?.discard();
      return { ...this.answer, body: cutOff() };
    }
    if (this.#isRange(answer, span)) return answer;
    answer.discard();
    throw new OriginFault(answer.status === 412 ? 'changed' : 'truncated');
  }

  #ask(span: Span): Promise<OriginAnswer> {
    return this.client.send({ ...this.request, extra: { ...this.#same, range: formatRange(span) } });
  }

  get #same(): Readonly<Record<string, string>> {
    return this.#validator ? ifSame(this.#validator) : {};
  }

  #isValid(headers: Headers): boolean {
    return this.#validator === undefined || hasValidator(headers, this.#validator);
  }

  #isRange({ status, headers }: OriginAnswer, span: Span): boolean {
    if (status !== 206 || !this.#isValid(headers)) return false;
    if (listHeader(headers, 'content-encoding').some((coding) => coding !== 'identity')) return false;
    const sent = parseContentRange(headerOf(headers, 'content-range') ?? null);
    return sent?.span.start === span.start && sent.span.end === span.end && sent.length === this.length;
  }
}

// eslint-disable-next-line require-yield, @typescript-eslint/require-await -- a body that brings nothing
async function* cutOff(): AsyncIterable<Bytes> {
  throw new OriginFault('truncated');
}
