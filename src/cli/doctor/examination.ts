import type { PolicyClaims } from '../../protocol/hasher.js';
import type { SiteConfig } from '../../protocol/bridge.js';
import type { Fetched, ResourceSeen, Standing } from './in-page/look.js';
import type { Registered } from './in-page/observe.js';

/** All that the doctor saw; the checks are functions of it. What could not be looked at is absent. */
export interface Examination {
  /** The address that the doctor was given. */
  readonly asked: string;
  readonly opening: Opening;
  readonly page?: PageSeen;
  /** The file that the tag names as worker. */
  readonly worker?: WorkerFileSeen;
  /** Where the services are: from the worker, or, where it does not run, as its file seems to say. */
  readonly services?: Services;
  readonly hasher?: HasherSeen;
  readonly tracker?: TrackerSeen;
  readonly resources?: ResourcesSeen;
  /** Absent where visitors did not get as far as that. */
  readonly transfer?: TransferSeen;
}

/** How the page came. */
export type Opening =
  | { readonly ok: false; readonly problem: string }
  | { readonly ok: true; readonly url: string; readonly status: number; readonly type: string };

export interface PageSeen extends Standing {
  /** Value of the header Content-Security-Policy. */
  readonly policy: string;
  /** Errors and warnings of the page's console. */
  readonly console: readonly string[];
  /** Errors of the service workers' consoles. */
  readonly workerConsole: readonly string[];
  /** Scripts of ours that the page asked for, by what became of them. */
  readonly scripts: readonly ScriptSeen[];
  /** Whether the worker leaves alone the page that registers it, so that the page was loaded again. */
  readonly reloaded: boolean;
  /** Service workers that were registered while the doctor looked, of all the page's loads; each once. */
  readonly registered: readonly Registered[];
  /** What was first given as reason for doing nothing. */
  readonly firstReason?: string;
  /** Whether the page, in any of its loads, said for a visitor what they chose, or called for the notice. */
  readonly chooses: boolean;
  /** Sockets to other hosts, by address, and whether a tracker's welcome came over them. */
  readonly sockets: readonly { readonly url: string; readonly welcomed: boolean }[];
}

export interface ScriptSeen {
  readonly url: string;
  /** 0: none came. */
  readonly status: number;
  readonly type: string;
  readonly cacheControl: string;
  /** What the browser says of one that did not come. */
  readonly failure?: string;
}

/** A file as it is served, without a browser. */
export type FileSeen =
  | { readonly url: string; readonly ok: false; readonly problem: string }
  | {
      readonly url: string;
      readonly ok: true;
      readonly status: number;
      readonly type: string;
      readonly cacheControl: string;
      readonly policy: string;
      readonly redirected: boolean;
    };

export interface WorkerFileSeen {
  readonly file: FileSeen;
  /** What it imports as `peerfold-worker.js`, if its text says so. */
  readonly imported?: FileSeen;
}

export interface Services extends Pick<SiteConfig, 'hasher' | 'tracker' | 'static'> {
  /** The literal as the worker understood it. */
  readonly config?: SiteConfig;
}

/** Answer of a service: what it gave, or an error of its own, or nothing. */
export type Answer<T> =
  | { readonly is: 'given'; readonly value: T; readonly cors: boolean }
  | { readonly is: 'refused'; readonly status: number; readonly code: string; readonly message: string }
  | { readonly is: 'silent'; readonly problem: string };

export interface HasherSeen {
  /** Usable keys. */
  readonly keys: Answer<number>;
  readonly policy: Answer<PolicyClaims>;
  /** Absent for static sites, which admit nobody. */
  readonly admission?: Answer<Admitted>;
}

export interface Admitted {
  readonly admission: string;
  /** TURN servers that visitors get with it. */
  readonly relays: readonly string[];
}

export type TrackerSeen = { readonly ok: true } | { readonly ok: false; readonly problem: string };

/** What is signed about something on the page. */
export type Judged = ResourceSeen &
  (
    | { readonly is: 'eligible'; readonly length: number; readonly root: string }
    | { readonly is: 'refused'; readonly code: string; readonly why: string }
    | { readonly is: 'pending' }
  );

export interface ResourcesSeen {
  readonly judged: readonly Judged[];
  /** Media that are none of Peerfold's, by why. */
  readonly left: readonly (ResourceSeen & { readonly why: LeftReason })[];
  /** Why nothing could be asked. */
  readonly problem?: string;
}
export type LeftReason = 'other-origin' | 'excluded' | 'not-included';

export type TransferSeen =
  | { readonly is: 'done'; readonly url: string; readonly bytes: number }
  | { readonly is: 'none'; readonly why: string }
  /** Nobody wanted it. */
  | { readonly is: 'left-out' }
  | {
      readonly is: 'failed';
      /** What did not come about. */
      readonly stage: 'announce' | 'page' | 'introduction' | 'signal' | 'link' | 'bytes';
      readonly fetched: readonly Fetched[];
    };
