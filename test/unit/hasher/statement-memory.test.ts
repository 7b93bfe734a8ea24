import { describe, expect, it } from 'vitest';
import { StatementMemory } from '../../../hasher-service/state/statement-memory.js';
import type { Statement } from '../../../hasher-service/signing/statements.js';
import { OTHER_SITE, SITE, urlOf } from '../../support/scribe.js';

function statement(kind: Statement['kind'], path: string, ver: number): Statement {
  const claims = { aud: SITE, sub: urlOf(path), ver };
  return { kind, jws: `${kind} ${path} ${ver}`, kid: 'k', claims } as Statement;
}

describe('StatementMemory', () => {
  it('holds the newest statement about a URL of a site', () => {
    const memory = new StatementMemory();
    const first = statement('digest', '/a', 2);
    expect(memory.take(first)).toBe(true);
    expect(memory.take(statement('digest', '/a', 1))).toBe(false);
    expect(memory.take(statement('refusal', '/a', 2))).toBe(false);
    expect(memory.get(SITE, urlOf('/a'))?.statement).toBe(first);
    expect(memory.get(OTHER_SITE, urlOf('/a'))).toBeUndefined();
    memory.forget(SITE, urlOf('/a'));
    expect(memory.get(SITE, urlOf('/a'))).toBeUndefined();
  });

  it('keeps the last digest beside a refusal, and gives up the refusal for a token', () => {
    const memory = new StatementMemory();
    memory.take(statement('digest', '/a', 1));
    const digest = memory.get(SITE, urlOf('/a'))?.digest;
    const refusal = statement('refusal', '/a', 2);
    memory.take(refusal);
    expect(memory.get(SITE, urlOf('/a'))).toMatchObject({ statement: refusal, digest });
    const token = statement('digest', '/a', 3);
    memory.take(token);
    expect(memory.get(SITE, urlOf('/a'))?.statement).toBe(token);
    memory.forget(SITE, urlOf('/a'));
    expect(memory.get(SITE, urlOf('/a'))).toBeUndefined();
  });

  it('does not give up tokens for a flood of refusals, and stays bounded', () => {
    const memory = new StatementMemory();
    memory.take(statement('digest', '/a', 1));
    for (let i = 0; i < 30_000; i++) memory.take(statement('refusal', `/invented/${i}`, 1));
    expect(memory.get(SITE, urlOf('/a'))).toBeDefined();
    expect(memory.get(SITE, urlOf('/invented/0'))).toBeUndefined();
    expect(memory.get(SITE, urlOf('/invented/29999'))).toBeDefined();
    for (let i = 0; i < 30_000; i++) memory.take(statement('digest', `/real/${i}`, 1));
    expect(memory.get(SITE, urlOf('/real/0'))).toBeUndefined();
    expect(memory.get(SITE, urlOf('/invented/29999'))).toBeDefined();
  });

  it('remembers until when a renewal is not tried again', () => {
    const memory = new StatementMemory();
    memory.postpone(SITE, urlOf('/a'), 5);
    memory.take(statement('digest', '/a', 1));
    expect(memory.get(SITE, urlOf('/a'))?.renewAfter).toBe(0);
    memory.postpone(SITE, urlOf('/a'), 5);
    expect(memory.get(SITE, urlOf('/a'))?.renewAfter).toBe(5);
    memory.take(statement('digest', '/a', 2));
    expect(memory.get(SITE, urlOf('/a'))?.renewAfter).toBe(0);
  });
});
