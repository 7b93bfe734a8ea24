import { expect, it } from 'vitest';
import { PeerfoldError } from '../../../src/core/errors.js';
import { Journal } from '../../../tracker-service/server/log.js';
import { FakeClock } from '../../support/fake-clock.js';

const MINUTE = 60_000;
const ADDRESS = '8.8.8.8/32';

function journal(addresses = false) {
  const clock = new FakeClock();
  const lines: unknown[][] = [];
  const say = (...line: unknown[]): void => void lines.push(line);
  return { clock, lines, journal: new Journal({ log: { info: say, warn: say }, clock, addresses }) };
}

const outage = (n = 0) => new PeerfoldError('hasher-unreachable', `no answer ${n}`);

it('tells a trouble when it begins and when it is over, however often it comes up', async () => {
  const { clock, lines, journal: told } = journal();
  for (let i = 0; i < 500; i++) {
    told.trouble(outage(i));
    await clock.advance(1_000);
  }
  expect(lines).toEqual([[{ trouble: 'hasher-unreachable' }, 'no answer 0']]);
  await clock.advance(2 * MINUTE);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatchObject([{ trouble: 'hasher-unreachable', times: 500 }, 'over']);
  expect(clock.pending).toBe(0);
  told.trouble(outage());
  expect(lines).toHaveLength(3);
});

it('tells different troubles apart', () => {
  const { lines, journal: told } = journal();
  told.trouble(outage());
  told.trouble(Object.assign(new Error('in use'), { code: 'EADDRINUSE' }));
  told.trouble(new TypeError('a mistake'));
  told.trouble('text');
  expect(lines.map(([fields]) => fields)).toEqual([
    { trouble: 'hasher-unreachable' },
    { trouble: 'EADDRINUSE' },
    { trouble: 'TypeError' },
    { trouble: 'error' },
  ]);
});

it('tells once a minute how many were turned away, and no address', async () => {
  const { clock, lines, journal: told } = journal();
  for (let i = 0; i < 70; i++) {
    told.turnedAway('address-rate', ADDRESS);
    told.turnedAway('protocol');
    await clock.advance(1_000);
  }
  expect(lines).toEqual([
    [{ turnedAway: { 'address-rate': 60, protocol: 60 } }, 'sockets turned away in the last minute'],
  ]);
  told.close();
  expect(lines[1]?.[0]).toEqual({ turnedAway: { 'address-rate': 10, protocol: 10 } });
  expect(clock.pending).toBe(0);
  told.close();
  expect(lines).toHaveLength(2);
});

it('tells addresses when it is asked to, a hundred at most', async () => {
  const { clock, lines, journal: told } = journal(true);
  for (let i = 0; i < 3; i++) told.turnedAway('address-rate', ADDRESS);
  for (let i = 0; i < 500; i++) told.turnedAway('sockets', `10.0.${i >> 8}.${i & 255}/32`);
  await clock.advance(MINUTE);
  const [[fields] = []] = lines;
  expect(fields).toMatchObject({ turnedAway: { sockets: 500 }, addresses: { [ADDRESS]: 3 } });
  expect(Object.keys((fields as { addresses: object }).addresses)).toHaveLength(100);
});
