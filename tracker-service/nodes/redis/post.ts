import type { RootPrefix, Site } from '../../../src/core/brands.js';
import type { Clock, Timer } from '../../../src/core/clock.js';
import { MAX_HAVE_ROOTS } from '../../../src/core/limits.js';
import { parseNodeMessage, type NodeMessage } from '../messages.js';
import type { NodeName } from '../names.js';
import { channelOf } from './keys.js';
import type { RedisLink } from './link.js';
import type { Roll } from './roll.js';

export interface PostOptions {
  readonly link: RedisLink;
  readonly clock: Clock;
  readonly roll: Roll;
  readonly message: (message: NodeMessage) => void;
  readonly undelivered: (node: NodeName, message: NodeMessage) => void;
}

interface Letter {
  readonly message: NodeMessage;
  readonly text: string;
}

/** Messages of so many ms travel together: each costs Redis and both nodes as much as ten lines do. */
const GATHERING = 1;
/** Characters that travel together, and that are read at once. */
const MAX_BAG = 256 * 1024;
const MAX_READ = 2 * MAX_BAG;
/** News is gathered for so long (ms), as the trackers do with their visitors' wants. */
const NEWS_EVERY = 50;
/** Roots with news at a time, over all nodes: news is a courtesy. */
const MAX_NEWS = 20_000;

/** Messages to other nodes and from them: lines of JSON, several in one where there are several. */
export class Post {
  readonly #bags = new Map<NodeName, Letter[]>();
  #bagTimer: Timer;
  readonly #news = new Map<NodeName, Map<Site, Set<RootPrefix>>>();
  #newsCount = 0;
  #newsTimer: Timer;

  constructor(private readonly options: PostOptions) {}

  send(node: NodeName, message: NodeMessage): void {
    const bag = this.#bags.get(node) ?? [];
    this.#bags.set(node, bag);
    bag.push({ message, text: JSON.stringify(message) });
    this.#bagTimer ??= this.options.clock.setTimeout(() => {
      this.#bagTimer = undefined;
      const bags = [...this.#bags];
      this.#bags.clear();
      for (const [to, letters] of bags) this.#deliver(to, letters);
    }, GATHERING);
  }

  /** One of these roots' watchers is to be told of its new holder. */
  tell(node: NodeName, site: Site, root: RootPrefix): void {
    if (!this.options.roll.isLiving(node) || this.#newsCount >= MAX_NEWS) return;
    const sites = this.#news.get(node) ?? new Map<Site, Set<RootPrefix>>();
    this.#news.set(node, sites);
    const roots = sites.get(site) ?? new Set<RootPrefix>();
    sites.set(site, roots);
    if (roots.size >= MAX_HAVE_ROOTS || roots.has(root)) return;
    roots.add(root);
    this.#newsCount++;
    this.#newsTimer ??= this.options.clock.setTimeout(() => this.#sendNews(), NEWS_EVERY);
  }

  /** What came over the channel. */
  hear(text: string): void {
    if (text.length > MAX_READ || text === '') return;
    for (const line of text.split('\n')) {
      const message = parseNodeMessage(line);
      if (message) this.options.message(message);
    }
  }

  close(): void {
    const { clock } = this.options;
    for (const timer of [this.#bagTimer, this.#newsTimer]) if (timer !== undefined) clock.clearTimeout(timer);
  }

  #sendNews(): void {
    this.#newsTimer = undefined;
    this.#newsCount = 0;
    const news = [...this.#news];
    this.#news.clear();
    for (const [node, sites] of news)
      for (const [site, roots] of sites) this.send(node, { t: 'news', site, roots: [...roots] });
  }

  #deliver(node: NodeName, letters: readonly Letter[]): void {
    if (!this.options.roll.isLiving(node)) {
      this.#return(node, letters);
      return;
    }
    let bag: Letter[] = [];
    let length = 0;
    for (const letter of letters) {
      if (length + letter.text.length > MAX_BAG) {
        this.#publish(node, bag);
        [bag, length] = [[], 0];
      }
      bag.push(letter);
      length += letter.text.length + 1;
    }
    this.#publish(node, bag);
  }

  #publish(node: NodeName, letters: readonly Letter[]): void {
    const { link } = this.options;
    link.publish(channelOf(node), letters.map(({ text }) => text).join('\n')).then(
      (readers) => {
        if (readers === 0) this.#return(node, letters);
      },
      (error: unknown) => {
        link.note(error);
        this.#return(node, letters);
      },
    );
  }

  #return(node: NodeName, letters: readonly Letter[]): void {
    for (const { message } of letters) this.options.undelivered(node, message);
  }
}
