import type { Page } from 'playwright';

/** What a hostile script in the page makes of the worker's questions. */
export interface Impostor {
  /** What it answers `place` with (ms): up to two minutes is well-formed, more is not. */
  readonly wait: number;
  /** What it answers `need` with. */
  readonly needs: 'forged' | 'silence';
  /** Statements that it sends whenever it is asked about a URL. */
  readonly tokens: readonly string[];
}

declare global {
  interface Window {
    /** What the impostor heard from the worker, by type of message. */
    impostorHeard: Record<string, number>;
    /** Lengths of the representations that it was asked for pieces of. */
    impostorNeeds: number[];
    impostorPort: MessagePort;
    /** The last hello that a script of this page sent, kept by `overhear`. */
    overheard: { readonly build: string; readonly visit: string } | undefined;
  }
}

/** A script that ran before Peerfold's learns what its hello looks like. */
export async function overhear(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const { prototype } = ServiceWorker;
    type Post = (message: unknown, options?: Transferable[] | StructuredSerializeOptions) => void;
    const post = Reflect.get(prototype, 'postMessage') as Post;
    prototype.postMessage = new Proxy(post, {
      apply(target, worker: ServiceWorker, args: [Window['overheard'], Transferable[]]) {
        if (args[0] && 'build' in args[0]) window.overheard = args[0];
        Reflect.apply(target, worker, args);
      },
    });
  });
}

/**
 * Takes the place of the page's own Peerfold: says hello on a port of its own, registers itself as
 * engine and leader, and answers what it is asked as `impostor` says.
 */
export async function impersonate(page: Page, impostor: Impostor): Promise<void> {
  await page.waitForFunction(() => window.overheard !== undefined && navigator.serviceWorker.controller);
  await page.evaluate(({ wait, needs, tokens }) => {
    interface Asked {
      readonly t: string;
      readonly id: number;
      readonly root: string;
      readonly length: number;
      readonly piece: number;
      readonly pieces: readonly number[];
      readonly config: { readonly hasher: string };
    }
    const { port1, port2 } = new MessageChannel();
    const post = (message: object): void => {
      port1.postMessage(message);
    };
    let hasher = '';
    /** A forged layer, then the true one, without which no piece would even be looked at. */
    const forge = async ({ root, length, piece, pieces }: Asked): Promise<void> => {
      post({ t: 'layer', root, bytes: new Uint8Array(32 * Math.ceil(length / piece)).fill(7) });
      const layer = await fetch(`${hasher}/v1/layers/${root}`);
      if (layer.ok) post({ t: 'layer', root, bytes: new Uint8Array(await layer.arrayBuffer()) });
      for (const index of pieces) {
        const bytes = new Uint8Array(Math.min(piece, length - index * piece)).fill(index);
        post({ t: 'piece', root, index, from: 1, bytes });
        post({ t: 'piece', root, index, from: 2, bytes: bytes.subarray(1) });
        post({ t: 'piece', root, index: index + 1, from: 3, bytes });
      }
    };
    window.impostorHeard = {};
    window.impostorNeeds = [];
    window.impostorPort = port1;
    port1.onmessage = ({ data }: MessageEvent<Asked>) => {
      window.impostorHeard[data.t] = (window.impostorHeard[data.t] ?? 0) + 1;
      if (['place', 'seen', 'need'].includes(data.t)) post({ t: 'tokens', tokens });
      if (data.t === 'place') post({ t: 'placed', id: data.id, wait });
      if (data.t === 'need') window.impostorNeeds.push(data.length);
      if (data.t === 'need' && needs === 'forged') void forge(data);
      if (data.t === 'welcome') hasher = data.config.hasher;
    };
    const hello = { ...window.overheard, peerfold: 'hello', allowed: true };
    navigator.serviceWorker.controller?.postMessage(hello, [port2]);
    post({ t: 'places', on: true });
    post({ t: 'lead', on: true });
  }, impostor);
  await page.waitForFunction(() => (window.impostorHeard['welcome'] ?? 0) > 0);
}

/** Sends the worker everything that a parser could stumble over, and well-formed messages by the thousand. */
export async function flood(page: Page): Promise<void> {
  await page.evaluate(() => {
    const post = (value: unknown): void => {
      window.impostorPort.postMessage(value);
    };
    const root = 'a'.repeat(64);
    const junk: unknown[] = [
      null,
      7,
      'placed',
      [],
      {},
      { t: 'need' },
      { t: 'constructor' },
      { t: '__proto__' },
    ];
    const numbers = [-1, 1e308, Infinity, NaN, 2 ** 53];
    for (let i = 0; i < 1000; i++) {
      for (const value of junk) post(value);
      for (const id of numbers) post({ t: 'placed', id, wait: id });
      post({ t: 'placed', id: i, wait: 120_000 });
      post({ t: 'miss', id: i, reason: 'no-peers' });
      post({ t: 'piece', root, index: i, from: i, bytes: new Uint8Array(1000) });
      post({ t: 'read', id: i, root, index: i });
      post({ t: 'lead', on: i % 2 === 0 });
    }
    for (let i = 0; i < 300; i++) {
      const { port2 } = new MessageChannel();
      const hello = { ...window.overheard, peerfold: 'hello', visit: String(i), allowed: i % 2 === 0 };
      navigator.serviceWorker.controller?.postMessage(hello, [port2]);
    }
  });
}
