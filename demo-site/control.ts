import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { faultRuleShape, type Faults } from './faults.js';
import type { RequestLog } from './log.js';

const FAULTS_PATH = '/__faults';
const LOG_PATH = '/__log';

/** A set of rules typed or pasted by hand, replaced content included. */
const MAX_BODY = 1024 * 1024;

const rulesShape = z.array(faultRuleShape);

/**
 * The endpoint for playing with faults by hand: `GET /__faults` shows the rules, `POST /__faults` with
 * a JSON array replaces them all, `GET /__log` shows what reached the origin. True when `message` was
 * for it. No fault acts on it, and nothing of it is logged.
 */
export async function control(
  { faults, log }: { faults: Faults; log: RequestLog },
  message: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const called = `${message.method ?? ''} ${message.url ?? ''}`;
  if (called === `GET ${FAULTS_PATH}`) answerJson(response, 200, faults.rules);
  else if (called === `GET ${LOG_PATH}`) answerJson(response, 200, log.entries);
  else if (called === `POST ${FAULTS_PATH}`) await replaceRules(faults, message, response);
  else return false;
  return true;
}

async function replaceRules(
  faults: Faults,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // Another site's page can send this type only after a preflight, which is never granted.
  if (message.headers['content-type'] !== 'application/json') {
    answerJson(response, 415, { error: 'send a JSON array of rules as application/json' });
    return;
  }
  const text = await readText(message);
  const rules = rulesShape.safeParse(parseJson(text));
  if (!rules.success) {
    answerJson(response, 400, { error: z.prettifyError(rules.error) });
    return;
  }
  faults.clear();
  for (const rule of rules.data) faults.set(rule);
  answerJson(response, 200, faults.rules);
}

/** The body, or nothing when it is too long. */
async function readText(message: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message) {
    const bytes = chunk as Buffer;
    length += bytes.byteLength;
    if (length > MAX_BODY) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function answerJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(value, undefined, 2)}\n`);
}
