import { fork, type ChildProcess } from 'node:child_process';
import type { Arrival, Conversation, CrowdOptions, Pace } from './tracker-crowd.js';
import type { Return } from './tracker-holders.js';
import type { LayoutOptions } from './tracker-roots.js';
import { programPath } from './tracker-servers.js';

export type Command =
  | { readonly name: 'arrive'; readonly atOnce: number }
  | { readonly name: 'converse'; readonly pace: Pace }
  | { readonly name: 'hold'; readonly layout: LayoutOptions }
  | { readonly name: 'want'; readonly pace: Pace; readonly layout: LayoutOptions }
  | { readonly name: 'comeBack'; readonly layout: LayoutOptions }
  | { readonly name: 'seek' }
  | { readonly name: 'lost' };

/** What a process of visitors gives back. */
interface Reply {
  readonly result?: unknown;
  readonly error?: string;
}

/** Visitors in a process of their own, so that playing them takes no time from the server's. */
export class Load {
  readonly #child: ChildProcess;

  constructor(root: string, options: CrowdOptions) {
    this.#child = fork(programPath(root, 'tracker-crowd'), [JSON.stringify(options)]);
  }

  /** Everybody connects and joins; fails when somebody could not. */
  async arrive(atOnce = 64): Promise<void> {
    const { reasons } = (await this.#order({ name: 'arrive', atOnce })) as Arrival;
    if (reasons.length > 0) throw new Error(`visitors were turned away: ${reasons.join('; ')}`);
  }

  async converse(pace: Pace): Promise<Conversation> {
    return (await this.#order({ name: 'converse', pace })) as Conversation;
  }

  /** Everybody announces what the layout says. */
  async hold(layout: LayoutOptions): Promise<void> {
    await this.#order({ name: 'hold', layout });
  }

  async want(pace: Pace, layout: LayoutOptions): Promise<Conversation> {
    return (await this.#order({ name: 'want', pace, layout })) as Conversation;
  }

  async comeBack(layout: LayoutOptions): Promise<Return> {
    return (await this.#order({ name: 'comeBack', layout })) as Return;
  }

  /** How many of the visitors are found by those who want what only they hold. */
  async seek(): Promise<number> {
    return (await this.#order({ name: 'seek' })) as number;
  }

  /** How many sockets the server closed. */
  async lost(): Promise<number> {
    return (await this.#order({ name: 'lost' })) as number;
  }

  close(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  #order(command: Command): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const gone = (): void => {
        reject(new Error('a process of visitors ended'));
      };
      this.#child.once('exit', gone);
      this.#child.once('message', ({ result, error }: Reply) => {
        this.#child.off('exit', gone);
        if (error === undefined) resolve(result);
        else reject(new Error(error));
      });
      this.#child.send(command);
    });
  }
}
