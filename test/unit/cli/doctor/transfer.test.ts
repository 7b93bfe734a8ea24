import { describe, expect, it } from 'vitest';
import type { Examination } from '../../../../src/cli/doctor/examination.js';
import type { Finding } from '../../../../src/cli/doctor/finding.js';
import { findingsOf } from '../../../../src/cli/doctor/findings.js';
import { isHealthy } from '../../../../src/cli/doctor/report.js';
import { healthy, healthyPage, scriptSeen, without } from '../../../support/examinations.js';

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
