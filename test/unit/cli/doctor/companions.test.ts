import { describe, expect, it } from 'vitest';
import { checkCompanions } from '../../../../src/cli/doctor/companions-check.js';
import type { PageSeen, ScriptSeen } from '../../../../src/cli/doctor/examination.js';
import { healthyPage, scriptSeen, SITE } from '../../../support/examinations.js';

const ENGINE = `${SITE}/peerfold-engine.js`;
const engineIs = (engine: Partial<ScriptSeen>, more: Partial<PageSeen> = {}): PageSeen =>
  healthyPage({ scripts: [scriptSeen('peerfold.js'), scriptSeen('peerfold-engine.js', engine)], ...more });

describe('the scripts beside the loader', () => {
  it.each<[engine: Partial<ScriptSeen>, says: string]>([
    [{ status: 404, type: 'text/html' }, 'answers 404'],
    [{ status: 0, type: '', failure: 'net::ERR_FAILED' }, 'does not come: net::ERR_FAILED'],
    [{ type: 'text/html; charset=utf-8' }, 'comes as text/html; charset=utf-8, not as text/javascript'],
  ])('are missing where one is %j', (engine, says) => {
    const { status, change, details } = checkCompanions(engineIs(engine));
    expect([status, details]).toEqual(['wrong', [`${ENGINE} ${says}`]]);
    expect(change).toContain('peerfold init');
    // A page that starts Peerfold by a module has no tag.
    expect(checkCompanions(engineIs(engine, { tags: [] })).status).toBe('wrong');
  });

  it('are named where they came', () => {
    expect(checkCompanions(healthyPage())).toMatchObject({ status: 'ok', says: ENGINE });
  });

  it('are no concern of this check where they were not asked for, or are forbidden', () => {
    const scripts = [scriptSeen('peerfold.js'), scriptSeen('peerfold-sw.js', { status: 404 })];
    expect(checkCompanions(healthyPage({ scripts })).status).toBe('skipped');
    const violations = [{ directive: 'script-src-elem', blocked: ENGINE }];
    const forbidden = engineIs({ status: 0, failure: 'csp' }, { violations });
    expect(checkCompanions(forbidden)).toMatchObject({
      status: 'skipped',
      says: expect.stringContaining('see csp'),
    });
  });
});
