import { BUILD } from '../../src/core/build.js';
import type { Site } from '../../src/core/brands.js';
import type { PageMessage, SiteConfig, WorkerMessage } from '../../src/protocol/bridge.js';
import { BRIDGE_FORGOTTEN, type BridgeHello } from '../../src/protocol/hello.js';

export const SITE = 'https://site.example' as Site;

export const CONFIG: SiteConfig = {
  site: SITE,
  hasher: 'https://hash.example',
  tracker: 'wss://tracker.example',
  include: ['/media/*'],
  exclude: [],
  origins: [],
  partners: [],
  static: false,
  headStart: 10,
  minSize: 16384,
};

/** A `navigator.serviceWorker` whose controller is driven by the test: the worker's end of the bridge. */
export class FakeWorker extends EventTarget {
  controller: { postMessage(message: unknown, transfer?: Transferable[]): void } | null = null;
  readonly hellos: BridgeHello[] = [];
  readonly heard: PageMessage[] = [];
  port: MessagePort | undefined;
  build = BUILD;
  config = CONFIG;

  /** Starts controlling the page, as after `clients.claim()`. */
  claim(): void {
    this.controller = {
      postMessage: (message, [port] = []) => {
        this.hellos.push(message as BridgeHello);
        this.port = port as MessagePort;
        this.port.onmessage = ({ data }: MessageEvent) => {
          this.heard.push(data as PageMessage);
        };
        this.say({ t: 'welcome', build: this.build, config: this.config });
      },
    };
    this.dispatchEvent(new Event('controllerchange'));
  }

  say(message: WorkerMessage): void {
    this.port?.postMessage(message);
  }

  /** What a restarted worker posts to its windows. */
  call(build = BUILD): void {
    this.dispatchEvent(new MessageEvent('message', { data: { peerfold: 'call', build } }));
  }

  /** What a worker posts to all windows once it has forgotten the visitor. */
  forget(): void {
    this.dispatchEvent(new MessageEvent('message', { data: BRIDGE_FORGOTTEN }));
  }

  /** Messages of one kind that the page sent. */
  of<T extends PageMessage['t']>(kind: T): Extract<PageMessage, { t: T }>[] {
    return this.heard.filter((message): message is Extract<PageMessage, { t: T }> => message.t === kind);
  }
}
