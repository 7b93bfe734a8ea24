import type { Digested, Hashing } from '../hashing/port.js';
import { strongETag } from '../judging/headers.js';
import type { OriginClient, OriginRequest } from '../origin/client.js';
import { Representation } from '../origin/representation.js';
import type { Clock } from '../../src/core/clock.js';
import type { Supply } from './supply.js';

export interface UpstreamOptions {
  readonly client: OriginClient;
  readonly clock: Clock;
  readonly hashing: Hashing;
}

/** What the server behind the public origin holds for one URL. */
export class Upstream implements Supply {
  readonly etag?: string;

  private constructor(
    private readonly hashing: Hashing,
    private readonly representation: Representation,
    readonly length: number,
  ) {
    const tag = strongETag(representation.headers);
    if (tag !== undefined) this.etag = tag;
  }

  /** Asks for its head; `undefined` when it has no such file or does not say how long it is. */
  static async find(
    { client, clock, hashing }: UpstreamOptions,
    request: OriginRequest,
  ): Promise<Upstream | undefined> {
    const head = await client.send({ ...request, method: 'HEAD' });
    head.discard();
    const representation = new Representation(client, clock, request, head);
    if (head.status !== 200 || representation.length === undefined) return undefined;
    return new Upstream(hashing, representation, representation.length);
  }

  read(span: Parameters<Supply['read']>[0]): ReturnType<Supply['read']> {
    return this.representation.read(span);
  }

  async digest(mediaType: string): Promise<Digested | undefined> {
    const whole = await this.representation.reopened();
    return this.hashing.hashStream(whole.body(), mediaType);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
