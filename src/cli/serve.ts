import { Failure, type Io } from './io.js';

export interface Place {
  readonly port: number;
  readonly host: string;
}

interface Service {
  listen(place: Place): Promise<{ url: string }>;
  close(): Promise<void>;
}

/** How a service is called in messages, and how the user chooses another port for it. */
export interface Label {
  readonly name: string;
  /** Such as `--port or PEERFOLD_HASHER_PORT`. */
  readonly portFrom: string;
}

/** Runs one service: says where it is once it is ready, and closes it when asked to stop. */
export async function serve(service: Service, place: Place, label: Label, io: Io): Promise<number> {
  try {
    const { url } = await listenAt(service, place, label);
    io.out(`peerfold ${label.name} ready at ${url}`);
    await io.stopped();
  } finally {
    await service.close();
  }
  return 0;
}

/** `listen`, with failures in words that help. */
export async function listenAt(
  service: Pick<Service, 'listen'>,
  place: Place,
  label: Label,
): Promise<{ url: string }> {
  try {
    return await service.listen(place);
  } catch (error) {
    throw portFailure(error, place, label);
  }
}

export function portFailure(error: unknown, { port, host }: Place, { portFrom }: Label): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') return new Failure(`port ${port} is taken: choose another with ${portFrom}`);
  if (code === 'EACCES') return new Failure(`port ${port} needs permission: choose another with ${portFrom}`);
  if (code === 'EADDRNOTAVAIL') return new Failure(`${host} is not an address of this machine`);
  return error;
}
