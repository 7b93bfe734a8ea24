import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { PeerId } from '../../../src/core/brands.js';
import { PASS_LIFE, Passes } from '../../../tracker-service/core/passes.js';
import { FakeClock } from '../../support/fake-clock.js';
import { seededBytes, seededRandom } from '../../support/random.js';

const pid = (name: string): PeerId => name.padEnd(8, '_') as PeerId;
const [me, you, stranger] = [pid('me'), pid('you'), pid('stranger')];

describe('passes', () => {
  it('are an expiry and an HMAC over both pids and it, also for the longest pids', () => {
    const clock = new FakeClock();
    const dice = seededRandom(1);
    for (let round = 0; round < 50; round++) {
      const secret = seededBytes(round)(32);
      const [from, to] = [8 + Math.floor(dice() * 57), 64].map((length) => 'p'.repeat(length) as PeerId);
      const expiry = Math.floor(clock.now() / 1000) + PASS_LIFE;
      const head = Buffer.alloc(4);
      head.writeUInt32BE(expiry);
      const mac = createHmac('sha256', secret).update(`${from}|${to}|${expiry}`).digest();
      const passes = new Passes(secret, clock);
      expect(passes.issue(from ?? me, to ?? you)).toBe(Buffer.concat([head, mac]).toString('base64url'));
    }
  });

  it('permit one direction of one pair, as they were issued, until they end', async () => {
    const clock = new FakeClock();
    const passes = new Passes(seededBytes(1)(32), clock);
    const pass = passes.issue(me, you);
    expect(passes.permits(pass, me, you)).toBe(true);
    expect(passes.permits(pass, you, me)).toBe(false);
    expect(passes.permits(pass, me, stranger)).toBe(false);
    expect(passes.permits(passes.issue(me, stranger), me, you)).toBe(false);
    expect(new Passes(seededBytes(2)(32), clock).permits(pass, me, you)).toBe(false);
    for (const forged of ['', 'AAAA', pass.slice(0, -1), `${pass}AAAA`, `_${pass.slice(1)}`])
      expect(passes.permits(forged, me, you)).toBe(false);
    await clock.advance(PASS_LIFE * 1000);
    expect(passes.permits(pass, me, you)).toBe(false);
  });
});
