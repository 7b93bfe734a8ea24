/** What was heard in a page from its first moment on. */
export interface Heard {
  /** What its content security policy forbade. */
  violations?: Violation[];
  /** The loader's build, once it greeted a worker. */
  loader?: string;
  /** What the worker answered: its build, and its literal if the builds agree. */
  worker?: { readonly build: string; readonly config?: unknown };
  /** Faults that `window.peerfold` told. */
  faults?: Fault[];
  /** Service workers that the page registered. */
  registered?: Registered[];
  /** Whether the page said for a visitor what they chose, or called for the notice. */
  chooses?: boolean;
}

export interface Registered {
  readonly scope: string;
  readonly script: string;
}

export interface Violation {
  /** Such as `connect-src`. */
  readonly directive: string;
  /** An address, or a word such as `inline`. */
  readonly blocked: string;
}

export interface Fault {
  readonly code: string;
  readonly message: string;
}

/** Where it is kept; whichever of the functions below runs first makes it. */
interface Doctored {
  __peerfoldDoctor?: Heard;
}

/*
 * Each of these runs in each document before its own scripts, and changes nothing that the page could notice.
 * Whatever it needs is inside it, since its text is what is sent to the browser.
 */

/** The doctor's visitors take part, however small the share of visitors that do. */
function takePart(): void {
  try {
    localStorage.setItem('peerfold-lot', '0');
    localStorage.setItem('peerfold-control-lot', '0.999999');
  } catch {
    // No storage: then this visitor's lot is drawn.
  }
}

function hearViolations(): void {
  const heard = ((window as Doctored).__peerfoldDoctor ??= {});
  const violations: Violation[] = (heard.violations = []);
  window.addEventListener('securitypolicyviolation', ({ disposition, effectiveDirective, blockedURI }) => {
    if (disposition === 'enforce' && violations.length < 100)
      violations.push({ directive: effectiveDirective, blocked: blockedURI });
  });
}

/** What the loader says to the worker first. */
function hearLoader(): void {
  const heard = ((window as Doctored).__peerfoldDoctor ??= {});
  if (!('ServiceWorker' in window)) return;
  const { prototype } = ServiceWorker;
  type Post = (this: ServiceWorker, ...args: unknown[]) => void;
  const post = Object.getOwnPropertyDescriptor(prototype, 'postMessage')?.value as Post;
  prototype.postMessage = function (this: ServiceWorker, ...args: unknown[]): void {
    const [hello] = args as [{ peerfold?: unknown; build?: unknown } | undefined];
    if (hello?.peerfold === 'hello' && typeof hello.build === 'string') heard.loader = hello.build;
    post.apply(this, args);
  };
}

/** What the worker answers over the port that it got. */
function hearWorker(): void {
  const heard = ((window as Doctored).__peerfoldDoctor ??= {});
  const note = ({ data }: MessageEvent): void => {
    const message = data as { t?: unknown; build?: unknown; config?: unknown } | null;
    if (message?.t !== 'welcome' && message?.t !== 'mismatch') return;
    if (typeof message.build === 'string') heard.worker = { build: message.build, config: message.config };
  };
  window.MessageChannel = class extends MessageChannel {
    constructor() {
      super();
      this.port1.addEventListener('message', note);
    }
  };
}

/** What `window.peerfold` tells, and what the page calls of it. */
function hearPeerfold(): void {
  const heard = ((window as Doctored).__peerfoldDoctor ??= {});
  const faults: Fault[] = (heard.faults = []);
  type Ours = EventTarget & Record<'consent' | 'notice', (...args: unknown[]) => unknown>;
  let peerfold: Ours | undefined;
  Object.defineProperty(window, 'peerfold', {
    configurable: true,
    enumerable: true,
    get: () => peerfold,
    set: (value: Ours | undefined) => {
      peerfold = value;
      for (const name of ['consent', 'notice'] as const) {
        const call = value?.[name];
        if (!value || !call) continue;
        value[name] = (...args) => {
          heard.chooses = true;
          return call.apply(value, args);
        };
      }
      value?.addEventListener('error', (event) => {
        const { code, message } = (event as CustomEvent<Fault>).detail;
        if (faults.length < 100) faults.push({ code, message });
      });
    },
  });
}

/** Of two workers at one scope the browser keeps the one that was registered last: the first is seen only here. */
function hearRegistrations(): void {
  const heard = ((window as Doctored).__peerfoldDoctor ??= {});
  const registered: Registered[] = (heard.registered = []);
  if (!('ServiceWorkerContainer' in window)) return;
  const { prototype } = ServiceWorkerContainer;
  type Register = (this: ServiceWorkerContainer, ...args: unknown[]) => Promise<ServiceWorkerRegistration>;
  const register = Object.getOwnPropertyDescriptor(prototype, 'register')?.value as Register;
  prototype.register = function (this: ServiceWorkerContainer, ...args: unknown[]) {
    const registering = register.apply(this, args);
    void registering.then(
      ({ scope, installing, waiting, active }) => {
        const script = (installing ?? waiting ?? active)?.scriptURL;
        if (script !== undefined && registered.length < 100) registered.push({ scope, script });
      },
      () => undefined,
    );
    return registering;
  };
}

export const OBSERVERS: readonly (() => void)[] = [
  takePart,
  hearViolations,
  hearLoader,
  hearWorker,
  hearPeerfold,
  hearRegistrations,
];
