import { describe, expect, it } from 'vitest';
import { Questions, type Question } from '../../../hasher-service/routes/questions.js';
import type { Statement } from '../../../hasher-service/signing/statements.js';
import type { Site } from '../../../src/core/brands.js';
import { parseDigestsRequest, parseDigestsResponse } from '../../../src/protocol/hasher.js';

const SITE = 'https://www.example.com' as Site;
const OTHER = 'https://other.example' as Site;

function textOf(...paths: string[]): string {
  return JSON.stringify({ site: SITE, urls: paths.map((path) => SITE + path) });
}

function start(): { questions: Questions; ask: (text: string) => Question } {
  const questions = new Questions([SITE]);
  const ask = (text: string): Question => {
    const question = questions.read(text);
    if (!question) throw new Error('not understood');
    return question;
  };
  return { questions, ask };
}

/** Of a statement only its text matters here. */
function statement(jws: string): Statement {
  return { kind: 'digest', jws } as Statement;
}

describe('a question', () => {
  it.each([
    textOf('/a', '/b'),
    JSON.stringify({ site: OTHER, urls: [`${SITE}/a`] }),
    JSON.stringify({ site: SITE, urls: [`${SITE}/a`], more: 1 }),
  ])('is read as the protocol says: %s', (text) => {
    expect(start().ask(text)).toMatchObject({ ...parseDigestsRequest(text) });
  });

  it.each(['', '[]', '{}', textOf(), JSON.stringify({ site: `${SITE}/`, urls: [SITE] })])(
    'is not read where the protocol says no: %s',
    (text) => {
      expect(parseDigestsRequest(text)).toBeUndefined();
      expect(new Questions([SITE]).read(text)).toBeUndefined();
    },
  );

  it('leaves it to others whether its URLs are canonical', () => {
    expect(start().ask(textOf('/a/../b')).urls).toEqual([`${SITE}/a/../b`]);
  });
});

describe('an answer', () => {
  const text = textOf('/a', '/b', '/c');

  it('is what the protocol says', () => {
    const { questions, ask } = start();
    const bytes = questions.write(ask(text), [statement('a.b.c'), 5000, statement('d.e.f')]);
    expect(parseDigestsResponse(JSON.parse(bytes.toString()), 3)).toEqual({
      answers: ['a.b.c', { pending: 5000 }, 'd.e.f'],
    });
  });

  it('to a question that comes again is put together again only when something in it is new', () => {
    const { questions, ask } = start();
    const [a, b, c] = ['a.a.a', 'b.b.b', 'c.c.c'].map(statement) as [Statement, Statement, Statement];
    questions.write(ask(text), [a, b, 250]);
    expect(ask(text).last).toBeUndefined();
    const first = questions.write(ask(text), [a, b, 250]);
    expect(questions.write(ask(text), [a, b, 250])).toBe(first);
    const second = questions.write(ask(text), [a, b, c]);
    expect(second.toString()).toContain('c.c.c');
    expect(questions.write(ask(text), [a, b, c])).toBe(second);
    expect(questions.write(ask(text), [statement('a.a.a'), b, c])).not.toBe(second);
  });

  it('to another question is another', () => {
    const { questions, ask } = start();
    for (let i = 0; i < 3; i++) questions.write(ask(text), ['a.a.a', 'b.b.b', 'c.c.c'].map(statement));
    expect(ask(text).last).toBeDefined();
    expect(ask(textOf('/a', '/b')).last).toBeUndefined();
  });

  it('that is long is not kept', () => {
    const { questions, ask } = start();
    for (let i = 0; i < 3; i++) questions.write(ask(text), [statement('x'.repeat(70_000)), 1, 2]);
    expect(ask(text).last).toBeUndefined();
    const long = textOf('/a', `/${'x'.repeat(20_000)}`);
    expect(questions.read(long)).toBeUndefined();
    const many = textOf(...Array.from({ length: 20 }, (_, i) => `/${'x'.repeat(1000)}${i}`));
    for (let i = 0; i < 3; i++) questions.write(ask(many), Array<number>(20).fill(250));
    expect(ask(many).last).toBeUndefined();
  });
});
