import type { ResourceTiming } from '../../src/page/native-loads.js';
import type { ByteCounts, TransferReport } from '../../src/protocol/bridge.js';

/** A transfer report with the given bytes; those of `http` were asked for at once. */
export function transferReport(
  options: Partial<ByteCounts> & Partial<Omit<TransferReport, 'bytes'>> = {},
): TransferReport {
  const { peer = 0, store = 0, cache = 0, http = 0, wasted = 0, ...facts } = options;
  return {
    ...{ url: 'https://site.example/a.jpg', destination: 'image', duration: 100, started: 0, firstByte: 1 },
    ...{ verdicts: {}, ...(http > 0 ? { origin: { after: 0, failed: false } } : {}) },
    ...facts,
    bytes: { peer, store, cache, http, wasted },
  };
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
    responseStatus: 200,
    ...of,
  };
}
