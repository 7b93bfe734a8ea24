import { pino, type Logger } from 'pino';
import type { HasherConfig } from './config.js';

/**
 * Lines of JSON on standard error: standard output belongs to the command. No line names a visitor's
 * address, and URLs lose their query strings, which may be secrets.
 */
export function createLog(level: HasherConfig['logLevel']): Logger {
  const name = 'peerfold-hasher';
  if (level === 'silent') return pino({ name, level });
  return pino({ name, level, serializers: { url: withoutQuery } }, pino.destination(2));
}

function withoutQuery(url: string): string {
  const at = url.indexOf('?');
  return at < 0 ? url : `${url.slice(0, at)}?…`;
}
