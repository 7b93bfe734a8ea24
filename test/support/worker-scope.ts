import { vi } from 'vitest';
import type { WindowClient } from '../../sw/bridge.js';
import { SITE } from './worker-rig.js';

class FakeEvent extends Event {
  readonly work: Promise<unknown>[] = [];

  waitUntil(work: Promise<unknown>): void {
    this.work.push(work);
  }
}

/** As the Service Workers standard has it: one answer, after which no other listener is asked. */
class FakeFetchEvent extends FakeEvent {
  readonly resultingClientId: string;
  answer: Promise<Response> | undefined;

  constructor(
    readonly request: Request,
    readonly clientId = 'tab-1',
  ) {
    super('fetch');
    const isPage = request.mode === 'navigate';
    this.clientId = isPage ? '' : clientId;
    this.resultingClientId = isPage ? clientId : '';
  }

  respondWith(answer: Response | Promise<Response>): void {
    if (this.answer) throw new DOMException('answered already', 'InvalidStateError');
    this.answer = Promise.resolve(answer);
    this.stopImmediatePropagation();
  }
}

class FakeWindow implements WindowClient {
  /** What the worker says to it past the port. */
  readonly heard: unknown[] = [];

  constructor(readonly id: string) {}

  postMessage(message: unknown): void {
    this.heard.push(message);
  }
}

/** The global scope of a service worker, for what runs in one. It is the global `self` until `vi.unstubAllGlobals()`. */
export class WorkerScope extends EventTarget {
  readonly location: URL;
  readonly window = new FakeWindow('tab-1');
  readonly skipWaiting = vi.fn(() => Promise.resolve());
  readonly clients = {
    claim: vi.fn(() => Promise.resolve()),
    get: () => Promise.resolve(undefined),
    matchAll: () => Promise.resolve([this.window]),
  };
  readonly registration = {
    unregister: vi.fn(() => Promise.resolve(true)),
    /** A worker that is installed and has not taken over. */
    waiting: null as object | null,
  };
  readonly fetch = vi.fn(() => Promise.resolve(new Response('from the origin')));
  peerfold: unknown;

  constructor(file = '/peerfold-sw.js') {
    super();
    this.location = new URL(file, SITE);
    vi.stubGlobal('self', this);
    vi.stubGlobal('fetch', this.fetch);
    vi.stubGlobal('FetchEvent', FakeFetchEvent);
    vi.stubGlobal('WindowClient', FakeWindow);
  }

  onFetch(listener: (event: FakeFetchEvent) => void): void {
    this.addEventListener('fetch', (event) => {
      if (event instanceof FakeFetchEvent) listener(event);
    });
  }

  /** What the listeners make of a request; `undefined` when none of them answers. */
  ask(path: string, request: Partial<Request> = {}): Promise<Response> | undefined {
    const usual = { method: 'GET', destination: 'image', mode: 'no-cors', cache: 'default' };
    const url = new URL(path, SITE).href;
    const { signal } = new AbortController();
    const event = new FakeFetchEvent({
      ...usual,
      url,
      headers: new Headers(),
      signal,
      ...request,
    } as Request);
    this.dispatchEvent(event);
    return event.answer;
  }

  /** What the browser does with a worker it has just got. */
  async installed(): Promise<void> {
    for (const type of ['install', 'activate']) {
      const event = new FakeEvent(type);
      this.dispatchEvent(event);
      await Promise.all(event.work);
    }
  }

  /** Resolves when what that sets off is over. */
  async post(data: unknown, ports: readonly unknown[] = [], source: unknown = this.window): Promise<void> {
    const event = Object.assign(new FakeEvent('message'), { data, ports, source });
    this.dispatchEvent(event);
    await Promise.all(event.work);
  }
}
