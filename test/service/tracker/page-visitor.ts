import { WebSocket } from 'ws';
import type { PeerId, RootPrefix } from '../../../src/core/brands.js';
import { Admissions } from '../../../src/page/admissions.js';
import { TrackerClient } from '../../../src/page/tracker-client.js';
import type { SocketHandlers, TrackerSocket } from '../../../src/page/tracker-session.js';
import { parseAdmissionResponse, type AdmissionResponse } from '../../../src/protocol/hasher.js';
import { createIdentity } from '../../../src/protocol/seal.js';
import { systemClock } from '../../../src/protocol/system-clock.js';
import type { SignalFrom } from '../../../src/protocol/tracker.js';
import { eventually } from '../../support/until.js';
import { SITE } from './socket-visitor.js';

/** What pages have in place of a browser's WebSocket here. */
function openSocket(url: string, protocol: string, handlers: SocketHandlers): TrackerSocket {
  const socket = new WebSocket(url, protocol, { origin: SITE });
  socket.on('open', () => {
    handlers.opened();
  });
  socket.on('message', (data) => {
    handlers.message(Buffer.isBuffer(data) ? data.toString('utf8') : data);
  });
  socket.on('close', () => {
    handlers.closed();
  });
  socket.on('error', () => {
    handlers.closed();
  });
  return {
    send: (text) => {
      if (socket.readyState === socket.OPEN) socket.send(text);
    },
    close: () => {
      socket.terminate();
    },
  };
}

async function admission(hasher: string, key: string): Promise<AdmissionResponse> {
  const body = JSON.stringify({ site: SITE, key });
  const response = await fetch(`${hasher}/v1/admissions`, { method: 'POST', body });
  const answer = parseAdmissionResponse(await response.json());
  if (!answer) throw new Error('no admission');
  return answer;
}

/** A visitor whose tracker client is the page's own: it comes back by itself, and tells everything again. */
export class PageVisitor {
  readonly signals: SignalFrom[] = [];
  readonly #client: TrackerClient;
  outages = 0;

  private constructor(make: (visitor: PageVisitor) => TrackerClient) {
    this.#client = make(this);
  }

  static async join(url: string, hasher: string): Promise<PageVisitor> {
    const identity = await createIdentity();
    const request = (key: string) => admission(hasher, key);
    const visitor = new PageVisitor(
      (self) =>
        new TrackerClient({
          url,
          site: SITE,
          identity,
          admissions: new Admissions({ identity, clock: systemClock, request }),
          clock: systemClock,
          random: Math.random,
          openSocket,
          on: {
            peers: () => undefined,
            absent: () => undefined,
            signal: (signal) => self.signals.push(signal),
            unreachable: () => self.outages++,
          },
        }),
    );
    await eventually(() => {
      if (!visitor.pid) throw new Error('not welcomed');
    });
    return visitor;
  }

  get pid(): PeerId | undefined {
    return this.#client.pid;
  }

  have(root: RootPrefix): void {
    this.#client.have(root);
  }

  close(): void {
    this.#client.close();
  }
}
