import { describe, expect, it } from 'vitest';
import type { Examination, TransferSeen } from '../../../../src/cli/doctor/examination.js';
import type { Finding } from '../../../../src/cli/doctor/finding.js';
import { findingsOf } from '../../../../src/cli/doctor/findings.js';
import { isHealthy } from '../../../../src/cli/doctor/report.js';
import {
  healthy,
  healthyPage,
  HASHER,
  scriptSeen,
  SITE,
  TRACKER,
  without,
} from '../../../support/examinations.js';

type Stage = Extract<TransferSeen, { is: 'failed' }>['stage'];

function told(seen: Examination): { of: Finding | undefined; isFine: boolean } {
  const findings = findingsOf(seen);
  return { of: findings.find(({ id }) => id === 'transfer'), isFine: isHealthy(findings) };
}

describe('a transfer that was not tried', () => {
  const untried = (page = healthyPage()): Examination => ({ ...without(healthy(), 'transfer'), page });

  it('is a fault where nothing above is, with what is known', () => {
    const faults = [{ code: 'not-supported', message: 'no key: it is not there' }];
    const { of, isFine } = told(untried(healthyPage({ faults, console: ['TypeError: x'] })));
    expect(of).toMatchObject({ status: 'wrong', says: expect.stringMatching(/^not tried/) });
    expect(of?.details).toEqual(['not-supported: no key: it is not there', 'TypeError: x']);
    expect(isFine).toBe(false);
    const { of: idle } = told(untried(healthyPage({ status: { active: false, reason: 'privacy-control' } })));
    expect(idle?.says).toContain('does nothing on the page (privacy-control)');
  });

  it('is none where something above is', () => {
    const scripts = [scriptSeen('peerfold-engine.js', { status: 404 })];
    expect(told(untried(healthyPage({ scripts }))).of?.status).toBe('skipped');
  });

  it('is one for want of something to move, too, and says how to go on', () => {
    const { of, isFine } = told(healthy({ transfer: { is: 'none', why: 'the page has no image' } }));
    expect(of).toMatchObject({ status: 'wrong', says: 'not tried: the page has no image' });
    expect(of?.change).toContain('--no-transfer');
    expect(isFine).toBe(false);
  });

  it('is well where it was left out', () => {
    const { of, isFine } = told(healthy({ transfer: { is: 'left-out' } }));
    expect([of?.status, isFine]).toEqual(['skipped', true]);
  });
});

describe('a transfer that fails', () => {
  const failed = (stage: Stage, more: Partial<Examination> = {}): string => {
    const { of } = told(healthy({ transfer: { is: 'failed', stage, fetched: [] }, ...more }));
    expect(of?.status).toBe('wrong');
    return `${of?.says ?? ''} → ${of?.change ?? ''}`;
  };

  it('before the visitors heard of each other is laid to what the tracker knows', () => {
    const text = failed('introduction');
    expect(text).toMatch(/never hear of each other → .*--hasher-token.*\/readyz of wss:\/\/tracker/);
    const services = { hasher: HASHER, tracker: TRACKER, static: true };
    expect(failed('introduction', { services })).toMatch(/^(?!.*token).*\/readyz/);
  });

  it('is laid to UDP only where signals were exchanged', () => {
    const stages: Stage[] = ['announce', 'page', 'introduction', 'signal', 'link', 'bytes'];
    expect(stages.filter((stage) => failed(stage).includes('UDP'))).toEqual(['link']);
  });

  it('is laid to TURN servers where nothing else may be used', () => {
    const tags = [{ src: `${SITE}/peerfold.js`, attributes: { 'data-relay-only': '' } }];
    expect(failed('link', { page: healthyPage({ tags }) })).toMatch(/TURN servers of data-ice-servers/);
  });
});

it.each(['full', 'bad-admission'])(
  'a tracker that answers %s is up, and its hash service is asked about',
  (problem) => {
    const sockets = [{ url: `${TRACKER}/`, welcomed: false }];
    const seen = healthy({ page: healthyPage({ sockets }), tracker: { ok: false, problem } });
    const { change } = findingsOf(seen).find(({ id }) => id === 'tracker') ?? {};
    expect(change).toContain('--hasher: is that hash service up');
  },
);
