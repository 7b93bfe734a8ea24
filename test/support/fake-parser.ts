import { EventEmitter } from 'node:events';
import type { ParserReply, ParserRequest } from '../../hasher-service/hashing/parser-messages.js';
import type { ParserChild } from '../../hasher-service/hashing/parser-process.js';

/** A parser's process that says what the test makes it say. */
export class FakeParser extends EventEmitter implements ParserChild {
  readonly requests: ParserRequest[] = [];
  /** Whether it keeps our process alive, as far as was said. */
  isHeld = true;
  isOver = false;
  readonly channel = { ref: () => undefined, unref: () => undefined };

  send(request: ParserRequest): void {
    this.requests.push(request);
  }

  say(reply: ParserReply): void {
    this.emit('message', reply);
  }

  kill(): void {
    this.isOver = true;
    this.emit('exit');
  }

  disconnect(): void {
    this.kill();
  }

  ref(): void {
    this.isHeld = true;
  }

  unref(): void {
    this.isHeld = false;
  }
}
