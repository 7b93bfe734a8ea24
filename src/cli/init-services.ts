import { isAbsolute, join, relative, sep } from 'node:path';
import type { Literal } from './init-literal.js';

/** What the commands that come after `init` need to know of it. */
export interface Followed {
  /** As the user calls it. */
  readonly folder: string;
  /** A build copies what lies in it to what is published. */
  readonly copied: boolean;
  readonly base: string;
}

/** Where the hash service listens unless told otherwise. */
const OWN_ADDRESS = 'http://127.0.0.1:8081';
/** A proxy beside the service, as all the guides have it. */
const TRUSTED_PROXY = '--trusted-proxy 127.0.0.1';

/** The commands that are left to run, as the guides have them for services at these addresses. */
export function aboutServices(literal: Literal, how: Followed): string[] {
  const site = siteOf(literal.hasher);
  const page = how.base === '/' ? site : site + how.base;
  return [
    ...(literal.static ? signing(literal, site, how) : serving(literal, site, how)),
    ...['', 'and see whether all is well:', '', command('doctor', page)],
  ];
}

function signing({ hasher, tracker }: Literal, site: string, { folder, copied, base }: Followed): string[] {
  const published = copied ? 'FOLDER' : folder;
  const what = copied ? 'FOLDER, which is what the build writes, after every build' : 'after every build';
  const where = hasPath(tracker) ? 'beside the site, whose web server passes its address on' : 'anywhere';
  return [
    `Then sign ${what}, and run the tracker ${where}:`,
    '',
    command(
      ...['sign', word(published), base === '/' ? '' : `--base ${base}`, `--site ${site}`],
      ...[outFlag(hasher, published, base), `--data ${outside(folder, 'peerfold-keys', '../peerfold-keys')}`],
    ),
    command('tracker', `--open-site ${site}`, ...trackerFlags(tracker)),
  ];
}

function serving({ hasher, tracker }: Literal, site: string, how: Followed): string[] {
  const data = isLocal(hasher) ? outside(how.folder, 'peerfold-data', '.peerfold') : '/var/lib/peerfold';
  // What is for trackers only does not pass the site's web server.
  const asked = hasPath(hasher) ? OWN_ADDRESS : word(hasher);
  return [
    hasPath(hasher)
      ? 'Then run both services beside the site, whose web server passes on what is addressed to it:'
      : 'Then run the hash service beside the site, and the tracker anywhere:',
    '',
    command(
      ...['hasher', `--site ${site}`, `--data ${data}`, ...hasherFlags(hasher, how)],
      isLocal(hasher) ? '--allow-private' : '',
    ),
    command(
      ...['tracker', `--hasher ${asked}`, `--hasher-token "$(cat ${data}/roots-token)"`],
      ...trackerFlags(tracker),
    ),
  ];
}

/** A place for secrets: the `usual` one, but where that is in what is served, one beside that. */
function outside(folder: string, name: string, usual: string): string {
  const path = relative(folder, usual);
  const isServed = !isAbsolute(path) && path !== '..' && !path.startsWith(`..${sep}`);
  return isServed ? word(join(folder, '..', name)) : usual;
}

/** It speaks plain HTTP on a port of its own; for all other addresses something stands in front of it. */
function hasherFlags(hasher: string, { folder, copied, base }: Followed): string[] {
  const { protocol, port } = new URL(hasher);
  if (protocol === 'http:' && port !== '' && !hasPath(hasher)) return [`--port ${port}`];
  const isWhole = hasPath(hasher) && base === '/' && !copied;
  return [`--public-url ${word(hasher)}`, isWhole ? `--root ${word(folder)}` : '', TRUSTED_PROXY];
}

function trackerFlags(tracker: string): string[] {
  const { protocol, port } = new URL(tracker);
  if (hasPath(tracker)) return [TRUSTED_PROXY];
  if (protocol === 'wss:')
    return [
      '--host 0.0.0.0',
      `--port ${port === '' ? '443' : port}`,
      '--tls-cert cert.pem --tls-key key.pem',
    ];
  return [port === '' ? TRUSTED_PROXY : `--port ${port}`];
}

/** Nothing for the folder that `sign` itself chooses, or where nobody knows which one is served there. */
function outFlag(hasher: string, folder: string, base: string): string {
  const path = new URL(hasher).pathname.replace(/\/+$/, '');
  const name = path.startsWith(base) ? path.slice(base.length) : '';
  const isPlain = /^[\w.~/-]+$/.test(name) && name !== '.peerfold';
  return isPlain ? `--out ${word(join(folder, name))}` : '';
}

/** What has a path of its own lies below the site. */
function siteOf(hasher: string): string {
  if (hasPath(hasher)) return new URL(hasher).origin;
  return isLocal(hasher) ? 'http://localhost:PORT' : 'https://YOUR-SITE';
}

function isLocal(address: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(new URL(address).hostname);
}

function hasPath(address: string): boolean {
  return new URL(address).pathname !== '/';
}

function command(...parts: readonly string[]): string {
  return `  ${['npx peerfold', ...parts].filter((part) => part !== '').join(' ')}`;
}

/** As one word of a shell's command. */
function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
