import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { aboutServices, type Followed } from '../../../src/cli/init-services.js';
import type { Literal } from '../../../src/cli/init-literal.js';

const GUIDES = resolve(import.meta.dirname, '../../../docs/guides');

/** The commands that are printed for these services. */
function commands(literal: Partial<Literal>, how: Partial<Followed> = {}): string[] {
  const services = { hasher: 'https://hash.example.com', tracker: 'wss://tracker.example.com', include: [] };
  const lines = aboutServices(
    { ...services, ...literal },
    { folder: 'public', copied: false, base: '/', ...how },
  );
  return lines.filter((line) => line.startsWith('  ')).map((line) => line.trim());
}

/** Every `npx peerfold …` of a guide, in a line each. */
async function guide(name: string): Promise<string[]> {
  const text = (await readFile(resolve(GUIDES, `${name}.md`), 'utf8')).replace(/\\\n\s*/g, '');
  return [...text.matchAll(/npx peerfold [^`\n]*/g)].map(([command]) => command.replace(/ …$/, ''));
}

/** What the guide's own `init` would print. */
function printed(init: string): string[] {
  const [, , , folder = '', ...args] = init.split(' ');
  const value = (flag: string): string | undefined =>
    args.includes(flag) ? args[args.indexOf(flag) + 1] : undefined;
  const [hasher = '', tracker = ''] = [value('--hasher'), value('--tracker')];
  return commands(
    { hasher, tracker, static: args.includes('--static') },
    { folder, base: value('--base') ?? '/' },
  );
}

describe('the commands after init', () => {
  it.each(['nginx', 'caddy', 'static-host'])('are those of the guide %s', async (name) => {
    const [init = '', ...rest] = await guide(name);
    const end = rest.findIndex((command) => command.startsWith('npx peerfold init'));
    const steps = end < 0 ? rest : rest.slice(0, end);
    expect(steps).toHaveLength(3);
    expect(printed(init)).toEqual(steps);
  });

  it('are those of the guide for static hosts below a path, and lead the doctor there', async () => {
    const [init = '', sign = '', tracker = ''] = (await guide('static-host')).filter((command) =>
      /shop|you\.github/.test(command),
    );
    const [signed, run, doctor] = printed(init);
    expect(signed).toBe(sign);
    expect(run?.startsWith(`${tracker} --host 0.0.0.0`)).toBe(true);
    expect(doctor).toBe('npx peerfold doctor https://you.github.io/shop/');
  });

  it('sign into the folder that is served at the address', () => {
    const out = (hasher: string, how: Partial<Followed> = {}): string | undefined =>
      / --out (.*) --data/.exec(commands({ hasher, static: true }, how)[0] ?? '')?.[1];
    expect(out('https://www.example.com/peerfold-signed')).toBe('public/peerfold-signed');
    expect(out('https://www.example.com/shop/signed/', { base: '/shop/', folder: '.' })).toBe('signed');
    expect(out('https://www.example.com/.peerfold/')).toBeUndefined();
    expect(out('https://www.example.com/other/signed', { base: '/shop/' })).toBeUndefined();
    expect(out('https://signed.example.com')).toBeUndefined();
  });

  it('sign what a build publishes, not what it copies from', () => {
    const hasher = 'https://www.example.com/signed';
    const [sign] = commands({ hasher, static: true }, { copied: true });
    expect(sign).toBe(
      'npx peerfold sign FOLDER --site https://www.example.com --out FOLDER/signed --data ../peerfold-keys',
    );
    expect(commands({ hasher }, { copied: true })[0]).not.toContain('--root');
  });

  it('name each service its own port on this machine', () => {
    expect(commands({ hasher: 'http://localhost:8091', tracker: 'ws://localhost:8092' })).toEqual([
      'npx peerfold hasher --site http://localhost:PORT --data .peerfold --port 8091 --allow-private',
      'npx peerfold tracker --hasher http://localhost:8091 --hasher-token "$(cat .peerfold/roots-token)" --port 8092',
      'npx peerfold doctor http://localhost:PORT',
    ]);
  });

  it.each([
    ['.', '../peerfold-data'],
    ['./', '../peerfold-data'],
    ['..', '../../peerfold-data'],
    [resolve('.'), resolve('../peerfold-data')],
    ['../other', '.peerfold'],
    ['..public', '.peerfold'],
  ])('keep keys and tokens out of what is served, where that is %s', (folder, data) => {
    const [hasher, tracker] = commands({ hasher: 'http://localhost:8091' }, { folder });
    expect(hasher).toContain(` --data ${data} `);
    expect(tracker).toContain(` "$(cat ${data}/roots-token)" `);
  });

  it('keep the keys of what is signed out of it, too', () => {
    const data = (folder: string): string | undefined =>
      / --data (.*)$/.exec(commands({ static: true }, { folder })[0] ?? '')?.[1];
    expect(['public', '.', '..'].map(data)).toEqual([
      '../peerfold-keys',
      '../peerfold-keys',
      '../../peerfold-keys',
    ]);
  });

  it('leave the port of a proxy on this machine to the proxy', () => {
    const [hasher, tracker] = [
      'http://localhost:8480/_peerfold/hash',
      'ws://localhost:8480/_peerfold/tracker',
    ];
    expect(commands({ hasher, tracker })).toEqual([
      `npx peerfold hasher --site http://localhost:8480 --data .peerfold --public-url ${hasher} --root public --trusted-proxy 127.0.0.1 --allow-private`,
      'npx peerfold tracker --hasher http://127.0.0.1:8081 --hasher-token "$(cat .peerfold/roots-token)" --trusted-proxy 127.0.0.1',
      'npx peerfold doctor http://localhost:8480',
    ]);
  });

  it('of services with names of their own are for a proxy before the one, and TLS of the other', () => {
    const [hasher, tracker] = commands({ tracker: 'wss://tracker.example.com:8443' });
    expect(hasher).toBe(
      'npx peerfold hasher --site https://YOUR-SITE --data /var/lib/peerfold --public-url https://hash.example.com --trusted-proxy 127.0.0.1',
    );
    expect(tracker).toBe(
      'npx peerfold tracker --hasher https://hash.example.com --hasher-token "$(cat /var/lib/peerfold/roots-token)" --host 0.0.0.0 --port 8443 --tls-cert cert.pem --tls-key key.pem',
    );
  });

  it('take a folder of part of a site for no more, and any name of a folder for one word', () => {
    const hasher = 'https://www.example.com/_peerfold/hash';
    expect(commands({ hasher }, { base: '/shop/' })[0]).not.toContain('--root');
    expect(commands({ hasher }, { folder: "my 'site'" })[0]).toContain(String.raw`--root 'my '\''site'\''' `);
  });
});
