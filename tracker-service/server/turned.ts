import type { Bar } from './door.js';

/** Why a socket is refused: one of the door's limits, overload, a shutdown, or not our protocol. */
export type Refused = Bar | 'pressure' | 'stopping' | 'protocol';
/** The same, or too many connections: those are dropped without a word. */
export type Turned = Refused | 'connections';

/** After this many seconds a turned away client may try again; ours wait longer the more often they fail. */
const RETRY_AFTER = 30;

const STATUS: Readonly<Record<Refused, string>> = {
  protocol: '400 Bad Request',
  'address-rate': '429 Too Many Requests',
  'address-sockets': '429 Too Many Requests',
  sockets: '503 Service Unavailable',
  pressure: '503 Service Unavailable',
  stopping: '503 Service Unavailable',
};

/** The whole HTTP response. */
export function refusalOf(why: Refused): string {
  const retry = why === 'protocol' ? '' : `Retry-After: ${RETRY_AFTER}\r\n`;
  return `HTTP/1.1 ${STATUS[why]}\r\n${retry}Connection: close\r\nContent-Length: 0\r\n\r\n`;
}
