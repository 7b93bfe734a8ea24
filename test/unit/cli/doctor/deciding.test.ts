import { describe, expect, it } from 'vitest';
import type { PageSeen } from '../../../../src/cli/doctor/examination.js';
import { isDecided, isLatent } from '../../../../src/cli/doctor/deciding.js';
import { healthyPage, scriptSeen, SITE, without } from '../../../support/examinations.js';

const undecided = without(healthyPage(), 'status');
const absent: PageSeen = { ...undecided, started: false, scripts: [] };
const src = `${SITE}/peerfold.js`;

describe('waiting for a page', () => {
  it.each<[what: string, seen: PageSeen, waited: number]>([
    ['it is active', healthyPage(), 0],
    ['it gives its reason', healthyPage({ status: { active: false, reason: 'rollout' } }), 0],
    ['the literal is malformed', { ...undecided, workerConsole: ['Peerfold is off: x'] }, 0],
    ['the worker failed', { ...undecided, faults: [{ code: 'worker-failed', message: '' }] }, 0],
    [
      'the worker is for others',
      { ...undecided, registrations: [{ scope: `${SITE}/js/`, script: '', active: true }] },
      0,
    ],
    ['it is no secure context', { ...absent, secure: false }, 0],
    ['an attribute is malformed', { ...absent, console: ['Peerfold stays off: x'] }, 0],
    ['the script is missing', { ...absent, scripts: [scriptSeen('peerfold.js', { status: 404 })] }, 0],
    ['the script is forbidden', { ...absent, violations: [{ directive: 'script-src', blocked: src }] }, 0],
    ['the script is another one', { ...absent, console: [`the 'integrity' attribute for '${src}'`] }, 0],
    ['no tag has come in time', { ...absent, tags: [] }, 2000],
  ])('ends when %s', (_, seen, waited) => {
    expect(isDecided(seen, `${SITE}/`, waited)).toBe(true);
  });

  it.each<[what: string, seen: PageSeen, waited: number]>([
    ['the worker has not answered', undecided, 9000],
    ['consent was only just given', healthyPage({ status: { active: false, reason: 'consent' } }), 0],
    ['the script is on its way', absent, 9000],
    [
      'a script of others is missing',
      { ...absent, scripts: [scriptSeen('x/peerfold-x.js', { status: 404 })] },
      0,
    ],
    ['a tag may still come', { ...absent, tags: [] }, 100],
  ])('goes on while %s', (_, seen, waited) => {
    expect(isDecided(seen, `${SITE}/`, waited)).toBe(false);
  });
});

describe('a worker that leaves the page alone', () => {
  const latent = without(undecided, 'controller');

  it('is active, and for this page', () => {
    expect(isLatent(latent, `${SITE}/`)).toBe(true);
  });

  it.each<[what: string, seen: PageSeen]>([
    ['controls it', undecided],
    ['is not active yet', { ...latent, registrations: [{ scope: `${SITE}/`, script: '', active: false }] }],
    ['is for others', { ...latent, registrations: [{ scope: `${SITE}/js/`, script: '', active: true }] }],
    ['is off', { ...latent, workerConsole: ['Peerfold is off: x'] }],
  ])('is none that %s', (_, seen) => {
    expect(isLatent(seen, `${SITE}/`)).toBe(false);
  });
});
