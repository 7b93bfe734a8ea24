import { describe, expect, it } from 'vitest';
import type { Examination, PageSeen } from '../../../../src/cli/doctor/examination.js';
import type { CheckId, Finding } from '../../../../src/cli/doctor/finding.js';
import { findingsOf } from '../../../../src/cli/doctor/findings.js';
import {
  fileSeen,
  HASHER,
  healthy,
  healthyPage,
  scriptSeen,
  SITE,
  TRACKER,
} from '../../../support/examinations.js';

function finding(seen: Examination, id: CheckId = 'csp'): Finding | undefined {
  return findingsOf(seen).find((one) => one.id === id);
}

function withPage(change: Partial<PageSeen>): Examination {
  return healthy({ page: healthyPage(change) });
}

const CONNECT = `connect-src 'self' ${HASHER} ${TRACKER}`;
const CDN = 'https://cdn.example';

describe('content security policy', () => {
  it.each<[policy: string, directives: string[]]>([
    ["default-src 'self'", [CONNECT]],
    ["default-src 'none'", ["script-src 'self'", "worker-src 'self'", CONNECT]],
    // What the general directive allows is not taken away by the one that replaces it.
    [
      `default-src ${CDN} 'unsafe-inline'`,
      [
        `script-src ${CDN} 'unsafe-inline' 'self'`,
        `worker-src ${CDN} 'self'`,
        `connect-src 'self' ${CDN} ${HASHER} ${TRACKER}`,
      ],
    ],
    [`connect-src ${CDN}`, [`connect-src 'self' ${CDN} ${HASHER} ${TRACKER}`]],
    [`connect-src ${HASHER}`, [`connect-src 'self' ${HASHER} ${TRACKER}`]],
    [`connect-src ${HASHER} wss:; script-src 'nonce-x'`, []],
    ["script-src 'none'; worker-src 'self'; connect-src *", ["script-src 'self'"]],
    ["script-src *; script-src-elem 'none'", ["script-src-elem 'self'"]],
    ["script-src *; child-src 'none'", ["worker-src 'self'"]],
    ["worker-src 'none'", ["worker-src 'self'"]],
    ["connect-src 'self', default-src 'self'", [CONNECT]],
  ])('%s lacks %j', (policy, directives) => {
    const { status, details = [] } = finding(withPage({ policy })) ?? {};
    expect(details).toEqual(directives);
    expect(status).toBe(directives.length > 0 ? 'wrong' : 'ok');
  });

  it('names where scripts come from, if that is not the site', () => {
    const tags = [{ src: `${CDN}/peerfold.js`, attributes: { 'data-consent': 'implied' } }];
    const { details } = finding(withPage({ tags, policy: "script-src 'self'" })) ?? {};
    expect(details).toEqual([`script-src 'self' ${CDN}`]);
  });

  it('is read in meta elements, and in the answer to the worker file, too', () => {
    expect(finding(withPage({ policies: ["connect-src 'self'"] }))?.details).toEqual([CONNECT]);
    const worker = { file: fileSeen('peerfold-sw.js', { policy: "default-src 'self'" }) };
    expect(finding(healthy({ worker }))?.details).toEqual([
      `in the answer to /peerfold-sw.js: connect-src 'self' ${HASHER}`,
    ]);
  });

  const violations = [
    { directive: 'script-src-elem', blocked: `${SITE}/peerfold-engine.js` },
    { directive: 'connect-src', blocked: `${TRACKER}/?x` },
    { directive: 'img-src', blocked: 'https://ads.example/x.gif' },
    { directive: 'script-src', blocked: 'inline' },
  ];

  it('is what the browser says it is, where that is about Peerfold, and told once', () => {
    const policy = `connect-src 'self' ${HASHER}; script-src 'none'; worker-src 'self'`;
    expect(finding(withPage({ violations, policy }))?.details).toEqual(["script-src 'self'", CONNECT]);
  });

  it('is told as well where its text cannot be read', () => {
    expect(finding(withPage({ violations }))?.details).toEqual([
      "script-src 'self'",
      `connect-src 'self' ${TRACKER}`,
    ]);
  });

  it('that goes by nonces is no matter of addresses', () => {
    const policy = "default-src *; script-src 'nonce-x' 'strict-dynamic'";
    const { details } = finding(withPage({ violations: violations.slice(0, 1), policy })) ?? {};
    expect(details).toEqual([expect.stringMatching(/^script-src: give the tag the nonce/)]);
  });

  it('that forbids the tag is told there, and not as a file that is missing', () => {
    const blocked = `${SITE}/peerfold.js`;
    const seen = withPage({
      ...{ started: false, policy: "script-src 'none'; worker-src *" },
      scripts: [scriptSeen('peerfold.js', { status: 0, failure: 'csp' })],
      violations: [{ directive: 'script-src-elem', blocked }],
    });
    const tag = finding(seen, 'tag');
    expect(tag?.says).toBe(`the content security policy forbids ${blocked}: see csp`);
    expect([tag?.status, tag?.change]).toEqual(['skipped', undefined]);
    expect(finding(seen)?.details).toEqual(["script-src 'self'"]);
  });
});
