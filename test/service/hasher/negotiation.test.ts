import { describe, expect, it } from 'vitest';
import { Bench } from './harness.js';

const TYPES = ['video/mp4', 'audio/mpeg'];

/** Other bytes for who would like WebM, without a tag that tells. */
function serveByAccept(bench: Bench, path: string, type: string): void {
  bench.origin.on(path, (request, response) => {
    const isElement = request.headers.accept?.includes('webm') === true;
    const headers = { 'cache-control': 'max-age=60', 'content-type': type, 'content-length': 3 };
    response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : isElement ? 'web' : 'mp4');
  });
}

describe('media that differ by Accept', () => {
  it.each(TYPES)('are refused, also when only the bytes tell (%s)', async (type) => {
    const bench = await Bench.start();
    serveByAccept(bench, '/a', type);
    expect(await bench.codeOf('/a')).toBe('negotiated');
  });

  it.each(TYPES)('that do not are told by one cheap request (%s)', async (type) => {
    const bench = await Bench.start();
    bench.origin.serve('/a', 'abc', { 'content-type': type, etag: '"1"' });
    expect(await bench.codeOf('/a')).toBe('signed');
    expect(bench.origin.requests.map(({ method }) => method).sort()).toEqual(['GET', 'HEAD']);
  });

  it('are not asked for twice while they are live: players fetch them by script', async () => {
    const bench = await Bench.start({ options: { live: ['/live/*'] } });
    serveByAccept(bench, '/live/7.m4s', 'video/mp4');
    expect(await bench.codeOf('/live/7.m4s')).toBe('signed');
    expect(bench.origin.requests).toHaveLength(1);
  });

  it('are asked for twice though live when they are images', async () => {
    const bench = await Bench.start({ options: { live: ['/live/*'] } });
    bench.origin.serve('/live/7.jpg', 'abc', { 'content-type': 'image/jpeg', etag: '"1"' });
    expect(await bench.codeOf('/live/7.jpg')).toBe('signed');
    expect(bench.origin.requests).toHaveLength(2);
  });

  it('of no kind that elements ask for need no second request', async () => {
    const bench = await Bench.start();
    bench.origin.serve('/a.bin', 'abc', { 'content-type': 'application/octet-stream' });
    expect(await bench.codeOf('/a.bin')).toBe('signed');
    expect(bench.origin.requests).toHaveLength(1);
  });
});
