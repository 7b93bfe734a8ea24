import type { ResourceTiming } from '../../src/page/native-loads.js';
import type { ByteCounts, TransferReport } from '../../src/protocol/bridge.js';

/** A transfer report with the given bytes and nothing else of interest. */
export function transferReport(
  options: Partial<ByteCounts> & { url?: string; destination?: string; duration?: number } = {},
): TransferReport {
  const { url = 'https://site.example/a.jpg', destination = 'image', duration = 100 } = options;
  const { peer = 0, store = 0, cache = 0, http = 0, wasted = 0 } = options;
  const bytes = { peer, store, cache, http, wasted };
  return { url, destination, bytes, duration, started: 0, firstByte: 1, verdicts: {} };
}

/** What the browser times of an image of 50 KB that came from the origin, before there was a worker. */
export function resourceTiming(of: Partial<ResourceTiming> = {}): ResourceTiming {
  return {
    name: 'https://site.example/a.jpg',
    initiatorType: 'img',
    startTime: 100,
    responseStart: 130,
    duration: 50,
    workerStart: 0,
    transferSize: 50_300,
    encodedBodySize: 50_000,
    ...of,
  };
}
