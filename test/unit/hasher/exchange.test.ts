import { describe, expect, it, vi } from 'vitest';
import { Exchange } from '../../../hasher-service/origin/exchange.js';
import { OriginFault } from '../../../hasher-service/origin/fault.js';

const FAULT = new OriginFault('origin-slow');
const READ = 64 * 1024;

/** The part of undici that an exchange sees. */
function controller() {
  const state = {
    paused: false,
    aborted: false,
    reason: null as Error | null,
    pause: vi.fn(() => void (state.paused = true)),
    resume: vi.fn(() => void (state.paused = false)),
    abort: vi.fn((reason: Error) => void ([state.aborted, state.reason] = [true, reason])),
  };
  return state;
}

function started() {
  const [exchange, control] = [new Exchange(), controller()];
  exchange.onRequestStart(control);
  const data = (length: number) => {
    exchange.onResponseData(control, Buffer.alloc(length));
  };
  const end = () => {
    exchange.onResponseEnd();
  };
  return { exchange, control, data, end };
}

describe('an exchange with an origin', () => {
  it('passes over informational heads', async () => {
    const { exchange, control } = started();
    exchange.onResponseStart(control, 103, { link: '</a>' });
    exchange.onResponseStart(control, 200, { ETag: '"1"', 'x-two': ['a', 'b'] });
    expect(await exchange.head).toEqual({ status: 200, headers: { etag: ['"1"'], 'x-two': ['a', 'b'] } });
  });

  it('holds back an origin whose bytes nobody reads, until they are read', async () => {
    const { exchange, control, data, end } = started();
    for (let i = 0; i < 3; i++) data(READ);
    expect(control.paused).toBe(false);
    data(READ);
    expect(control.paused).toBe(true);
    const body = exchange.body();
    for (let i = 0; i < 4; i++) expect((await body.next()).value?.byteLength).toBe(READ);
    expect(control.paused).toBe(true);
    const next = body.next();
    expect(control.paused).toBe(false);
    data(1);
    expect((await next).value?.byteLength).toBe(1);
    end();
    expect((await body.next()).done).toBe(true);
    expect(control.abort).not.toHaveBeenCalled();
  });

  it('fails with the reason of its abort, also before its request was sent', async () => {
    const exchange = new Exchange();
    exchange.abort(FAULT);
    await expect(exchange.head).rejects.toBe(FAULT);
    const late = controller();
    exchange.onRequestStart(late);
    expect(late.reason).toBe(FAULT);
  });

  it('ends its body with what came after the head: an abort, or a broken connection', async () => {
    const broken = new Error('other side closed');
    for (const fault of [FAULT, broken]) {
      const { exchange, control, data } = started();
      exchange.onResponseStart(control, 200, {});
      await exchange.head;
      data(3);
      if (fault === FAULT) exchange.abort(fault);
      else exchange.onResponseError(control, fault);
      const body = exchange.body();
      expect((await body.next()).value?.byteLength).toBe(3);
      await expect(body.next()).rejects.toBe(fault);
    }
  });

  it('closes its connection when the reader leaves, and leaves a finished one alone', async () => {
    const { exchange, control, data } = started();
    data(3);
    data(3);
    for await (const chunk of exchange.body()) {
      expect(chunk.byteLength).toBe(3);
      break;
    }
    expect(control.aborted).toBe(true);
    const finished = started();
    finished.end();
    finished.exchange.abort(FAULT);
    expect(finished.control.aborted).toBe(false);
  });
});
