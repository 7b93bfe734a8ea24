import { describe, expect, it } from 'vitest';
import { Assumptions, parseAssumption } from '../../../hasher-service/judging/assumptions.js';
import { QueryRules, parseQueryRule } from '../../../hasher-service/judging/queries.js';
import type { CanonicalUrl } from '../../../src/core/brands.js';
import { isCanonicalUrl } from '../../../src/protocol/hasher.js';

function url(text: string): CanonicalUrl {
  const whole = `https://www.example.com${text}`;
  if (!isCanonicalUrl(whole)) throw new Error(whole);
  return whole;
}

describe('what a query string means', () => {
  const rules = new QueryRules({
    keep: ['/img/*?v&w', '/free/*', 'https://www.example.com/signed/*?token'],
    drop: ['*?utm_*', '/img/*?session', '/shop/*'],
  });
  const baseOf = (text: string): string | undefined => rules.read(url(text)).base;

  it.each([
    ['/a.jpg', '/a.jpg'],
    ['/img/a.jpg?v=1', '/img/a.jpg?v=1'],
    ['/img/a.jpg?v=1&w=20', '/img/a.jpg?v=1&w=20'],
    ['/img/a.jpg?w=20&v=1', '/img/a.jpg?w=20&v=1'],
    ['/img/a.jpg?v', '/img/a.jpg?v'],
    ['/img/a.jpg?v=%2F', '/img/a.jpg?v=%2F'],
    ['/img/a.jpg?%76=1', '/img/a.jpg?%76=1'],
    ['/img/a.jpg?utm_source=x', '/img/a.jpg'],
    ['/img/a.jpg?v=1&utm_source=x&session=7', '/img/a.jpg?v=1'],
    ['/shop/a.jpg?anything', '/shop/a.jpg'],
    ['/shop/a.jpg?', '/shop/a.jpg'],
    ['/free/a.jpg?x=1&y', '/free/a.jpg?x=1&y'],
  ])('%s is %s', (asked, base) => {
    expect(baseOf(asked)).toBe(url(base));
  });

  it.each([
    '/a.jpg?v=1',
    '/img/a.jpg?x=1',
    '/img/a.jpg?v=1&x=1',
    '/img/a.jpg?V=1',
    '/img/a.jpg??v=1',
    '/img/a.jpg?&v=1',
    '/img/a.jpg?v=1;w=2',
    '/img/a.jpg?session=1;v=2',
    '/img/a.jpg?',
    '/other/a.jpg?session=7',
  ])('%s is not known', (asked) => {
    expect(baseOf(asked)).toBeUndefined();
  });

  it('tells which secret-looking parameters the operator named', () => {
    expect([...rules.read(url('/signed/a.jpg?token=1')).named]).toEqual(['token']);
    expect([...rules.read(url('/free/a.jpg?token=1')).named]).toEqual([]);
  });

  it('leaves no rule for nobody: everything with a query is unknown', () => {
    expect(new QueryRules({ keep: [], drop: [] }).read(url('/a.jpg?x')).base).toBeUndefined();
  });
});

describe('rules as text', () => {
  it.each(['', 'img/*', '/a?', '/a?v&', '/a?v?w', '?v'])('"%s" is no query rule', (text) => {
    expect(parseQueryRule(text)).toMatch(/^".*" is not a pattern/);
  });

  it.each(['', '/a', '/a=', '=5', '/a=0', '/a=-1', '/a=1.5', '/a=1e3', '/a=99999999999', 'a=5'])(
    '"%s" is no assumption',
    (text) => {
      expect(parseAssumption(text)).toMatch(/^".*" is not a pattern and a number of seconds/);
    },
  );

  it('takes the first assumption that matches', () => {
    const assumptions = new Assumptions(['/a/b=c/*=10', '/a/*=20', '*.jpg=30']);
    const seconds = ['/a/b=c/d', '/a/x.jpg', '/x.jpg', '/x.png'].map((text) =>
      assumptions.secondsFor(url(text)),
    );
    expect(seconds).toEqual([10, 20, 30, undefined]);
  });
});
