import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorResponse } from '../../src/protocol/hasher.js';

/** An error answer: HTTP status, stable code, a sentence. */
export class ApiError extends Error {
  constructor(
    readonly statusCode: number,
    readonly code: string,
    message: string,
    /** Seconds until it may be tried again. */
    readonly retryAfter?: number,
  ) {
    super(message);
  }
}

/** Codes for what Fastify itself finds wrong with a request; anything else is the site's to explain. */
const STATUS_CODES: Readonly<Record<number, string>> = {
  400: 'bad-request',
  404: 'not-found',
  408: 'timeout',
  413: 'too-large',
  414: 'bad-request',
  415: 'bad-media-type',
};

/** What is told about errors. */
export interface ErrorWitness {
  /** A request was answered with this code. */
  answered(code: string): void;
  /** Something failed that should not; `id` is what the answer calls the request. */
  unexpected(error: Error, id: string): void;
}

export type SendError = (
  error: FastifyError | ApiError,
  request: FastifyRequest,
  reply: FastifyReply,
) => void;

/**
 * Sends any error in the one shape. The inside of unexpected ones goes to the log only, under the id
 * that the answer carries.
 */
export function errorSender(witness: ErrorWitness): SendError {
  return (error, request, reply) => {
    const status = error.statusCode ?? 500;
    const body = bodyOf(error, status);
    witness.answered(body.error.code);
    if (status >= 500 && !(error instanceof ApiError)) {
      witness.unexpected(error, request.id);
      void reply.header('x-request-id', request.id);
    }
    if (error instanceof ApiError && error.retryAfter !== undefined)
      void reply.header('retry-after', String(error.retryAfter));
    void reply.header('cache-control', 'no-store').code(status).send(body);
  };
}

export function notFound(): never {
  throw new ApiError(404, 'not-found', 'There is nothing at this address.');
}

function bodyOf(error: FastifyError | ApiError, status: number): ErrorResponse {
  if (error instanceof ApiError) return { error: { code: error.code, message: error.message } };
  if (status >= 500) return { error: { code: 'internal', message: 'The hash service failed.' } };
  // Said by Fastify, or by a hook of the site that we are mounted in.
  return { error: { code: STATUS_CODES[status] ?? 'refused', message: error.message } };
}
