import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join, relative, resolve } from 'node:path';
import process from 'node:process';
import type { Clock } from '../../src/core/clock.js';
import { PeerfoldError } from '../../src/core/errors.js';
import { readIfThere, writeWhole } from './files.js';
import { lockFile } from './lock-file.js';

export interface DirectoryLockOptions {
  readonly clock: Clock;
  /** Told when there is no telling whether somebody else uses the directory. */
  readonly unsure: (error: unknown) => void;
}

const OWNER_ONLY = 0o700;
/** The shortest limit of common systems (bytes); beyond theirs, some cut the name off and say nothing. */
const MAX_SOCKET_NAME = 103;

/**
 * Keeps a data directory to this process until it is released; resolves to what releases it. Rejects with
 * `bad-config` while another one holds it. The lock is a socket that the holder listens at: the system closes
 * it with the process, however that ends, and it means the same in all containers of a machine, where process
 * ids repeat. Where a file system has no sockets, there is no lock.
 */
export async function lockDirectory(
  data: string,
  { clock, unsure }: DirectoryLockOptions,
): Promise<() => Promise<void>> {
  await mkdir(data, { recursive: true, mode: OWNER_ONLY });
  const holder = join(data, 'running.pid');
  // Of two that find the socket of a dead process, one takes it over and the other sees that.
  const turn = await lockFile(join(data, 'running.lock'), clock);
  try {
    const socket = socketName(join(data, 'running.sock'));
    if (await isListenedAt(socket)) throw inUse(data, await readIfThere(holder));
    await rm(socket, { force: true });
    const server = await listenAt(socket);
    await writeWhole(holder, String(process.pid));
    return async () => {
      server.close();
      await once(server, 'close');
      await rm(holder, { force: true });
    };
  } catch (error) {
    if (error instanceof PeerfoldError) throw error;
    unsure(error);
    return () => Promise.resolve();
  } finally {
    await turn.release();
  }
}

/** The shorter of the path's two spellings. */
function socketName(path: string): string {
  const [short, whole] = [relative('', path), resolve(path)];
  const name = short.length < whole.length ? short : whole;
  if (Buffer.byteLength(name) > MAX_SOCKET_NAME) throw new Error(`${whole} is too long for a socket`);
  return name;
}

/** Only what nobody listens at may be taken; what refuses us for another reason is somebody's. */
async function isListenedAt(path: string): Promise<boolean> {
  const probe = connect(path);
  try {
    await once(probe, 'connect');
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return false;
    if (code === 'EACCES' || code === 'EAGAIN') return true;
    throw error;
  } finally {
    probe.destroy();
  }
}

/** Of its own also in a worker of Node's cluster, which would share it with the others. */
async function listenAt(path: string): Promise<Server> {
  const server = createServer((visitor) => visitor.destroy());
  server.listen({ path, exclusive: true });
  await once(server, 'listening');
  return server.unref();
}

function inUse(data: string, holder: Uint8Array | undefined): PeerfoldError {
  const pid = Number(String(holder));
  const who = Number.isSafeInteger(pid) && pid > 0 ? `, process ${pid}` : '';
  return new PeerfoldError(
    'bad-config',
    `${resolve(data)} is in use by another hash service${who}: stop that one, or name another directory with --data`,
    { inUse: resolve(data) },
  );
}
