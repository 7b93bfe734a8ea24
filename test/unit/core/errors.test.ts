import { describe, expect, it } from 'vitest';
import { PeerfoldError, reasonOf } from '../../../src/core/errors.js';

describe('PeerfoldError', () => {
  it('carries code, details and cause', () => {
    const cause = new Error('below');
    const error = new PeerfoldError('bad-range', 'no such bytes', { start: 5 }, { cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'PeerfoldError', code: 'bad-range', details: { start: 5 } });
    expect(error.cause).toBe(cause);
  });

  it('has details even when none are given', () => {
    expect(new PeerfoldError('bad-token', 'x').details).toEqual({});
  });
});

describe('reasonOf', () => {
  it('reads errors and anything else that was thrown', () => {
    expect(reasonOf(new TypeError('boom'))).toBe('boom');
    expect(reasonOf('text')).toBe('text');
    expect(reasonOf(undefined)).toBe('undefined');
  });
});
