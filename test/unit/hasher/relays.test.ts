import { describe, expect, it } from 'vitest';
import { parseHasherConfig } from '../../../hasher-service/config.js';
import { relaysFor, RELAYS_LIFE } from '../../../hasher-service/relays.js';

const SITES = ['https://www.example.com'];
const TURN = ['turn:turn.example.com:3478', 'turns:turn.example.com:443?transport=tcp'];
const SECRET = 'a secret of the site';

describe('relays', () => {
  it('are used with a name that says when it ends, and a password that only the secret makes', () => {
    const config = parseHasherConfig({ sites: SITES, turnUrls: TURN.join(','), turnSecret: SECRET });
    expect(relaysFor(config, 'visitor', 1_700_000_000_999)).toEqual({
      urls: TURN,
      username: `${1_700_000_000 + RELAYS_LIFE}:visitor`,
      // printf 1700021600:visitor | openssl dgst -sha1 -hmac 'a secret of the site' -binary | base64
      credential: 'j8JwhlSDvXVceMfpTJOho687YAg=',
    });
  });

  it('are none where none are configured', () => {
    expect(relaysFor(parseHasherConfig({ sites: SITES }), 'visitor', 0)).toBeUndefined();
  });

  it.each([
    [{ turnUrls: TURN }, /turnUrls and turnSecret/],
    [{ turnSecret: SECRET }, /turnUrls and turnSecret/],
    [{ turnUrls: ['stun:turn.example.com'], turnSecret: SECRET }, /turnUrls.*a turn: or turns: URL/],
    [{ turnUrls: ['turn:a b'], turnSecret: SECRET }, /turnUrls.*a turn: or turns: URL/],
    [{ turnUrls: Array(9).fill(TURN[0]), turnSecret: SECRET }, /turnUrls/],
    [{ turnUrls: TURN, turnSecret: 'short' }, /turnSecret.*16 characters/],
  ])('%j are refused', (options, message) => {
    expect(() => parseHasherConfig({ sites: SITES, ...options })).toThrow(message);
  });
});
