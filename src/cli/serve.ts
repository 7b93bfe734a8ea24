import { Failure, type Io } from './io.js';

export interface Place {
  readonly port: number;
  readonly host: string;
}

interface Service {
  /** `operations` is where the service says how it is, if that is another address. */
  listen(place: Place): Promise<{ url: string; operations?: string | undefined }>;
  close(): Promise<void>;
}

/** How a service is called in messages, and how the user chooses another port for it. */
export interface Label {
  readonly name: string;
  /** Such as `--port or PEERFOLD_HASHER_PORT`. */
  readonly portFrom: string;
  /** The same for the port on which it says how it is, if it has one. */
  readonly operationsFrom?: string;
}

/** What the system says of a failed `listen`. */
interface SystemError {
  readonly code?: string;
  readonly port?: number;
  readonly address?: string;
}

/** Runs one service: says where it is once it is ready, and closes it when asked to stop. */
export async function serve(service: Service, place: Place, label: Label, io: Io): Promise<number> {
  try {
    const { url, operations } = await listenAt(service, place, label);
    const beside = operations === undefined ? '' : `, operations at ${operations}`;
    io.out(`peerfold ${label.name} ready at ${url}${beside}`);
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
): ReturnType<Service['listen']> {
  try {
    return await service.listen(place);
  } catch (error) {
    throw portFailure(error, place, label);
  }
}

export function portFailure(error: unknown, place: Place, label: Label): unknown {
  const { code, port = place.port, address = place.host } = detailsOf(error);
  const from = port === place.port ? label.portFrom : (label.operationsFrom ?? label.portFrom);
  if (code === 'EADDRINUSE') return new Failure(`port ${port} is taken: choose another with ${from}`);
  if (code === 'EACCES') return new Failure(`port ${port} needs permission: choose another with ${from}`);
  if (code === 'EADDRNOTAVAIL') return new Failure(`${address} is not an address of this machine`);
  return error;
}

function detailsOf(error: unknown): SystemError {
  return error instanceof Error ? (error as SystemError & Error) : {};
}
