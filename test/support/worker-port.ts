import type { WorkerMessage } from '../../src/protocol/bridge.js';
import type { Port } from '../../sw/page.js';

/** The worker's end of a page's port: `hear` gets a copy of each message, later, as over a real one. */
export function workerPort(hear: (message: WorkerMessage) => void): Port {
  return {
    onmessage: null,
    postMessage: (message, transfer) => {
      const copy = structuredClone(message, { transfer: transfer as ArrayBuffer[] }) as WorkerMessage;
      queueMicrotask(() => {
        hear(copy);
      });
    },
    close: () => undefined,
  };
}
