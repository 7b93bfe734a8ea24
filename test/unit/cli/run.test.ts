import { describe, expect, it } from 'vitest';
import { run } from '../../../src/cli/run.js';
import { portFailure, serve } from '../../../src/cli/serve.js';
import { FakeIo } from '../../support/fake-io.js';

async function outcome(args: string[], env = {}): Promise<{ code: number; io: FakeIo }> {
  const io = new FakeIo(env);
  return { code: await run(args, io), io };
}

describe('the command', () => {
  it('tells its version and what it can do', async () => {
    expect(await outcome(['--version'])).toMatchObject({ code: 0, io: { outLines: ['1.2.3'] } });
    const { code, io } = await outcome(['--help']);
    expect(code).toBe(0);
    for (const name of ['init', 'doctor', 'demo', 'hasher', 'tracker', 'keys', 'policy'])
      expect(io.output).toContain(`  ${name} `);
  });

  it.each([
    [
      'hasher',
      ['--site', '--origin', '--data', '--allow-private', '--port', 'PEERFOLD_HASHER_SITE', 'default 8081'],
    ],
    ['tracker', ['--hasher', '--hasher-token', '--trusted-proxy', 'PEERFOLD_TRACKER_PORT', 'default 8082']],
    ['demo', ['--site-port', 'PEERFOLD_SITE_PORT', 'PEERFOLD_HASHER_PORT', 'default 8080']],
    [
      'sign',
      [
        'DIRECTORY',
        '--site',
        '--out',
        '--data',
        '--include',
        '--disable',
        'PEERFOLD_SIGN_LIFE',
        'default 7d',
      ],
    ],
    ['init', ['[FOLDER]', '--hasher', '--tracker', '--include', '--base', '--dry-run', 'default /;']],
    ['doctor', ['URL', '--json', '--browser', '--no-transfer', 'PEERFOLD_DOCTOR_TIMEOUT', 'default 20']],
    ['keys', ['list', 'new', 'rotate', 'revoke']],
    ['policy', ['show', 'enable', 'disable', 'rollout', 'revoke', 'allow', 'purge']],
  ])('explains %s, every setting with a meaning', async (name, words) => {
    const { code, io } = await outcome([name, '--help']);
    expect(code).toBe(0);
    for (const word of [...words, `peerfold ${name}`]) expect(io.output).toContain(word);
    expect(io.output).not.toMatch(/TEXT +\[|N +\[/);
    expect(io.output).not.toContain('undefined');
    for (const line of io.output.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  it.each([
    [[], /say what to run/],
    [['serve'], /there is no "serve"/],
    [['constructor'], /there is no "constructor"/],
    [['tracker'], /--hasher is needed/],
    [['tracker', '--hasher', 'nonsense'], /--hasher: /],
    [['tracker', '--hashr', 'http://h'], /unknown option '--hashr'.*peerfold tracker --help/],
    [['hasher'], /--site is needed|--site: /],
    [['hasher', '--site', 'nonsense'], /--site: .*nonsense/],
    [['hasher', '--site', 'http://localhost', '--port', '99999'], /--port: /],
    [['demo', '--site-port', '0'], /--site-port: /],
    [['doctor'], /say URL/],
    [['doctor', 'www.example.com'], /"www\.example\.com" is no address of a page/],
    [['doctor', 'file:///etc/passwd'], /is no address of a page/],
    [['init', '--consent', 'maybe'], /--consent: /],
    [['init', '--base', 'shop'], /--base: must be a path such as \/shop\//],
    [['init', '/nowhere'], /\/nowhere is no folder/],
    [['keys'], /list, new, rotate or revoke/],
    [['keys', 'steal'], /"steal" is not known/],
    [['keys', 'new', '--alg', 'RS256'], /--alg: /],
  ])('%j is not understood: exit code 2 and a sentence', async (args, message) => {
    const { code, io } = await outcome(args);
    expect(code).toBe(2);
    expect(io.errors).toMatch(message);
    expect(io.errors).not.toMatch(/^ +at /m);
    expect(io.outLines).toEqual([]);
  });
});

describe('a service', () => {
  const label = { name: 'tracker', portFrom: '--port or PEERFOLD_TRACKER_PORT' };
  const place = { port: 8082, host: '127.0.0.1' };

  it('says where it is in one line, runs until it is stopped, and closes', async () => {
    const io = new FakeIo();
    let closed = 0;
    const close = () => {
      closed++;
      return Promise.resolve();
    };
    const service = {
      listen: () => Promise.resolve({ url: 'ws://127.0.0.1:8082' }),
      close,
    };
    const served = serve(service, place, label, io);
    await io.nextLine();
    expect(io.outLines).toEqual(['peerfold tracker ready at ws://127.0.0.1:8082']);
    expect(closed).toBe(0);
    io.stop();
    expect(await served).toBe(0);
    expect(closed).toBe(1);
  });

  it('closes also when it cannot listen', async () => {
    let closed = 0;
    const close = () => {
      closed++;
      return Promise.resolve();
    };
    const service = {
      listen: () => Promise.reject(Object.assign(new Error('listen'), { code: 'EADDRINUSE' })),
      close,
    };
    await expect(serve(service, place, label, new FakeIo())).rejects.toThrow(
      'port 8082 is taken: choose another with --port or PEERFOLD_TRACKER_PORT',
    );
    expect(closed).toBe(1);
  });

  it.each([
    ['EACCES', 'port 8082 needs permission: choose another with --port or PEERFOLD_TRACKER_PORT'],
    ['EADDRNOTAVAIL', '127.0.0.1 is not an address of this machine'],
  ])('explains %s', (code, message) => {
    expect(portFailure(Object.assign(new Error('x'), { code }), place, label)).toMatchObject({ message });
  });

  it('hands on what it cannot explain', () => {
    const error = new Error('something else');
    expect(portFailure(error, place, label)).toBe(error);
    expect(portFailure('text', place, label)).toBe('text');
  });
});
