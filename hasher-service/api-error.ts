import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorResponse } from '../src/protocol/hasher.js';

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

/** Codes for what Fastify itself finds wrong with a request. */
const STATUS_CODES: Readonly<Record<number, string>> = {
  400: 'bad-request',
  404: 'not-found',
  408: 'timeout',
  413: 'too-large',
  415: 'bad-media-type',
};

/** Sends any error in the one shape; the inside of unexpected ones goes to the log only. */
export function sendError(
  error: FastifyError | ApiError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const status = error.statusCode ?? 500;
  if (status >= 500 && !(error instanceof ApiError)) request.log.error({ err: error }, 'request failed');
  if (error instanceof ApiError && error.retryAfter !== undefined)
    void reply.header('retry-after', String(error.retryAfter));
  void reply.header('cache-control', 'no-store').code(status).send(bodyOf(error, status));
}

export function sendNotFound(_request: FastifyRequest, reply: FastifyReply): void {
  const error = new ApiError(404, 'not-found', 'There is nothing at this address.');
  void reply.code(404).send(bodyOf(error, 404));
}

function bodyOf(error: FastifyError | ApiError, status: number): ErrorResponse {
  if (error instanceof ApiError) return { error: { code: error.code, message: error.message } };
  const code = STATUS_CODES[status];
  if (code === undefined) return { error: { code: 'internal', message: 'The hash service failed.' } };
  return { error: { code, message: error.message } };
}
