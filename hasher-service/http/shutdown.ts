import type { FastifyInstance } from 'fastify';
import type { Clock, Timer } from '../../src/core/clock.js';
import type { HasherConfig } from '../config.js';
import { Connections } from './connections.js';
import { pause } from '../pause.js';
import type { Lifecycle } from './lifecycle.js';

export interface ShutdownOptions {
  readonly app: FastifyInstance;
  readonly clock: Clock;
  readonly lifecycle: Lifecycle;
  readonly config: Pick<HasherConfig, 'drainMs' | 'shutdownMs'>;
}

/** While it closes, connections are looked at this often (ms): some have become idle. */
const LOOK_AGAIN = 50;

/**
 * Stops in the order that loses nobody's request: say that we are not ready, go on serving until
 * balancers have noticed, take no more, let finish what is under way, cut off what does not.
 */
export class Shutdown {
  readonly #connections: Connections;
  #timer: Timer;
  #done: Promise<void> | undefined;

  constructor(private readonly options: ShutdownOptions) {
    const { app, clock, config, lifecycle } = options;
    this.#connections = new Connections(app.server);
    app.addHook('preClose', (done) => {
      lifecycle.end();
      this.#endConnections(clock.ticks() + config.shutdownMs);
      done();
    });
    app.addHook('onClose', (_app, done) => {
      clock.clearTimeout(this.#timer);
      done();
    });
  }

  /** Resolves when nothing is left. May be called again. */
  run(): Promise<void> {
    return (this.#done ??= this.#run());
  }

  async #run(): Promise<void> {
    const { app, clock, config, lifecycle } = this.options;
    lifecycle.stop();
    if (app.server.listening && config.drainMs > 0) await pause(clock, config.drainMs);
    await app.close();
  }

  /** Ends each connection when it is idle, and all of them at `deadline` (ticks). */
  #endConnections(deadline: number): void {
    const { clock } = this.options;
    if (clock.ticks() >= deadline) this.#connections.destroy();
    else this.#connections.endIdle();
    this.#timer = clock.setTimeout(() => {
      this.#endConnections(deadline);
    }, LOOK_AGAIN);
  }
}
