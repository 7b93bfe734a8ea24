import { describe, expect, it } from 'vitest';
import { forbiddenBy, parsePolicies, type Need } from '../../../../src/cli/doctor/csp.js';

const SELF = 'https://www.example.com/page';

function verdict(text: string, need: Need, url: string, self = SELF): string | undefined {
  const [policy = new Map<string, string[]>()] = parsePolicies(text);
  return forbiddenBy(policy, need, url, self);
}

describe('a content security policy', () => {
  it.each<[text: string, need: Need, url: string, verdict: string | undefined]>([
    ['', 'connect-src', 'https://x.example/', undefined],
    ["img-src 'self'", 'connect-src', 'https://x.example/', undefined],
    ["default-src 'self'", 'connect-src', 'https://x.example/', 'default-src'],
    ["default-src 'none'; connect-src https://x.example", 'connect-src', 'https://x.example/v1', undefined],
    ["default-src 'none'", 'connect-src', 'https://www.example.com/', 'default-src'],
    ["connect-src 'self'", 'connect-src', 'wss://www.example.com/', undefined],
    ["connect-src 'self'", 'connect-src', 'https://www.example.com:8443/', 'connect-src'],
    ['connect-src *', 'connect-src', 'wss://x.example/', undefined],
    ['connect-src https:', 'connect-src', 'https://x.example/', undefined],
    ['connect-src https:', 'connect-src', 'wss://x.example/', 'connect-src'],
    ['connect-src ws:', 'connect-src', 'wss://x.example/', undefined],
    ['connect-src x.example', 'connect-src', 'wss://x.example/', undefined],
    ['connect-src x.example', 'connect-src', 'https://y.x.example/', 'connect-src'],
    ['connect-src *.x.example', 'connect-src', 'https://y.x.example/', undefined],
    ['connect-src *.x.example', 'connect-src', 'https://x.example/', 'connect-src'],
    ['connect-src x.example:8082', 'connect-src', 'wss://x.example:8082/', undefined],
    ['connect-src x.example:*', 'connect-src', 'wss://x.example:8082/', undefined],
    ['connect-src x.example', 'connect-src', 'wss://x.example:8082/', 'connect-src'],
    ['connect-src http://x.example', 'connect-src', 'http://x.example/', undefined],
    ['connect-src x.example', 'connect-src', 'http://x.example/', 'connect-src'],
    ['connect-src https://x.example/v1/', 'connect-src', 'https://x.example/v1/policy', undefined],
    ['connect-src https://x.example/v1', 'connect-src', 'https://x.example/v1/policy', 'connect-src'],
    ["script-src 'nonce-abc' 'strict-dynamic'", 'script-src', 'https://x.example/p.js', undefined],
    ["script-src 'self'", 'worker-src', 'https://www.example.com/sw.js', undefined],
    ["script-src 'self'; worker-src 'none'", 'worker-src', 'https://www.example.com/sw.js', 'worker-src'],
    ["script-src 'self'; child-src 'none'", 'worker-src', 'https://www.example.com/sw.js', 'child-src'],
    ["script-src 'none'; script-src *", 'script-src', 'https://x.example/p.js', 'script-src'],
    ["SCRIPT-SRC 'NONE'", 'script-src', 'https://x.example/p.js', 'script-src'],
    ['connect-src ]', 'connect-src', 'https://x.example/', 'connect-src'],
  ])('%j says about %s %s: %s', (text, need, url, expected) => {
    expect(verdict(text, need, url)).toBe(expected);
  });

  it('takes what belongs to the page by its own port and scheme', () => {
    const self = 'http://localhost:8080/';
    expect(verdict("connect-src 'self'", 'connect-src', 'http://localhost:8080/v1', self)).toBeUndefined();
    expect(verdict("connect-src 'self'", 'connect-src', 'http://localhost:8081/v1', self)).toBe(
      'connect-src',
    );
    expect(verdict('connect-src localhost:8082', 'connect-src', 'ws://localhost:8082', self)).toBeUndefined();
  });

  it('may be several', () => {
    expect(parsePolicies("img-src 'self', connect-src *;, ;")).toHaveLength(2);
  });
});
