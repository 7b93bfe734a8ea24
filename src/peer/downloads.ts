import type { Bytes } from '../core/bytes.js';
import type { PieceIndex, Root } from '../core/brands.js';
import type { Clock } from '../core/clock.js';
import { Flow } from '../core/flow.js';
import { RequestWindow } from '../core/request-window.js';
import type { Frame } from '../protocol/peer.js';
import { PaceTimer } from './pace-timer.js';

/** Shorter payloads are only for the end of a request: a peer must not make us handle millions of frames. */
const MIN_PAYLOAD = 4 * 1024;

/** A piece that one peer was given to deliver. */
export interface Assignment {
  readonly root: Root;
  readonly index: PieceIndex;
  /** From the signed cut. */
  readonly size: number;
}

interface Job extends Assignment {
  /** Allocated when the first byte comes. */
  buffer: Bytes | undefined;
  requested: number;
  received: number;
}

interface Block {
  /** Absent once the piece was taken away: what still comes is counted and dropped. */
  job: Job | undefined;
  readonly begin: number;
  readonly length: number;
  received: number;
  readonly sentAt: number;
  /** When its first byte came. */
  firstAt: number | undefined;
  readonly outstanding: number;
}

export interface DownloadsOptions {
  readonly clock: Clock;
  readonly send: (frame: Frame) => void;
  readonly onPiece: (assignment: Assignment, bytes: Bytes) => void;
  readonly onRejected: (assignment: Assignment) => void;
  /** There may be room for more. */
  readonly onRoom: () => void;
}

/** Whether a frame was one that an honest peer may send. */
export type Judgement = 'fine' | 'hostile';

/** What one peer was asked for and has not delivered: requests in flight, pieces being put together. */
export class Downloads {
  readonly window = new RequestWindow();
  readonly pace: PaceTimer;
  /** Payload, of use or not. */
  readonly received: Flow;
  readonly #options: DownloadsOptions;
  readonly #jobs: Job[] = [];
  readonly #blocks = new Map<number, Block>();
  #nextId = 1;
  #inFlight = 0;
  #wasted = 0;
  #closed = false;

  constructor(options: DownloadsOptions) {
    this.#options = options;
    this.pace = new PaceTimer(options.clock);
    this.received = new Flow(options.clock);
  }

  /** Bytes requested and neither received nor rejected. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Bytes this peer has to deliver before anything new; those of pieces taken away included. */
  get queued(): number {
    return this.#jobs.reduce((sum, job) => sum + job.size - job.requested, this.#inFlight);
  }

  get room(): number {
    return Math.max(0, this.window.bytes - this.queued);
  }

  /** Bytes that came and were of no use. */
  get wasted(): number {
    return this.#wasted;
  }

  get assignments(): readonly Assignment[] {
    return this.#jobs;
  }

  /** Bytes that come before the end of this piece, its own included; 0 when it is not here. */
  aheadOf(root: Root, index: PieceIndex): number {
    let ahead = this.#inFlight - this.#jobs.reduce((sum, job) => sum + job.requested - job.received, 0);
    for (const job of this.#jobs) {
      ahead += job.size - job.received;
      if (job.root === root && job.index === index) return ahead;
    }
    return 0;
  }

  receivedOf(root: Root, index: PieceIndex): number {
    return this.#find(root, index)?.received ?? 0;
  }

  assign({ root, index, size }: Assignment): void {
    this.#jobs.push({ root, index, size, buffer: undefined, requested: 0, received: 0 });
    this.#fill();
  }

  /** Takes a piece away and cancels what is in flight of it. False when it is not here. */
  release(root: Root, index: PieceIndex): boolean {
    const job = this.#find(root, index);
    if (!job) return false;
    this.#drop(job);
    this.#fill();
    return true;
  }

  onData({ id, offset, payload }: Frame & { type: 'data' }): Judgement {
    const [oldest] = this.#blocks.keys();
    const block = this.#blocks.get(id);
    // Answers come in the order of the requests: one that is kept back would hold up its piece unnoticed.
    if (!block || id !== oldest || offset !== block.begin + block.received) return 'hostile';
    const left = block.length - block.received;
    if (payload.byteLength > left || payload.byteLength < Math.min(MIN_PAYLOAD, left)) return 'hostile';
    this.#take(block, payload);
    if (payload.byteLength === left) this.#finishBlock(id, block);
    if (block.job && block.job.received === block.job.size) this.#finishPiece(block.job);
    this.#fill();
    return 'fine';
  }

  onReject(id: number): Judgement {
    const block = this.#blocks.get(id);
    if (!block) return 'hostile';
    this.#blocks.delete(id);
    this.#inFlight -= block.length - block.received;
    this.pace.onReply(this.#inFlight === 0);
    if (block.job) {
      this.#drop(block.job);
      this.#options.onRejected(block.job);
    }
    this.#fill();
    return 'fine';
  }

  /** The link is gone: forgets everything and says which pieces were under way. */
  close(): Assignment[] {
    this.#closed = true;
    for (const job of this.#jobs) this.#wasted += job.received;
    this.#blocks.clear();
    this.#inFlight = 0;
    return this.#jobs.splice(0);
  }

  #take(block: Block, payload: Bytes): void {
    const size = payload.byteLength;
    const { job } = block;
    if (job) {
      job.buffer ??= new Uint8Array(job.size);
      job.buffer.set(payload, block.begin + block.received);
      job.received += size;
    } else {
      this.#wasted += size;
    }
    block.received += size;
    block.firstAt ??= this.#now();
    this.#inFlight -= size;
    this.received.add(size);
    this.pace.onBytes(size, this.#inFlight === 0);
  }

  #finishBlock(id: number, block: Block): void {
    this.#blocks.delete(id);
    const now = this.#now();
    const delay = now - block.sentAt;
    const latency = (block.firstAt ?? now) - block.sentAt;
    const { length: bytes, outstanding } = block;
    this.window.delivered({ bytes, latency, delay, outstanding }, now);
    this.pace.onDelay(delay);
  }

  #finishPiece(job: Job): void {
    this.#jobs.splice(this.#jobs.indexOf(job), 1);
    if (job.buffer) this.#options.onPiece(job, job.buffer);
  }

  #drop(job: Job): void {
    this.#jobs.splice(this.#jobs.indexOf(job), 1);
    this.#wasted += job.received;
    for (const [id, block] of this.#blocks) {
      if (block.job !== job) continue;
      block.job = undefined;
      this.#options.send({ type: 'cancel', id });
    }
  }

  /** Requests as much as the window allows. */
  #fill(): void {
    for (const job of [...this.#jobs]) {
      while (this.#mayRequest(job)) this.#request(job);
    }
    if (!this.#closed && this.room > 0) this.#options.onRoom();
  }

  /** Asked anew for each request, since sending one may find the link dead. */
  #mayRequest(job: Job): boolean {
    if (this.#closed || job.requested >= job.size) return false;
    const next = Math.min(this.window.block, job.size - job.requested);
    return this.#inFlight === 0 || this.#inFlight + next <= this.window.bytes;
  }

  #request(job: Job): void {
    const begin = job.requested;
    const length = Math.min(this.window.block, job.size - begin);
    const id = this.#nextId++ >>> 0;
    if (this.#inFlight === 0) this.pace.onStart();
    job.requested += length;
    this.#inFlight += length;
    const sentAt = this.#now();
    this.#blocks.set(id, {
      job,
      begin,
      length,
      received: 0,
      sentAt,
      firstAt: undefined,
      outstanding: this.#inFlight,
    });
    this.#options.send({ type: 'request', id, root: job.root, piece: job.index, begin, length });
  }

  #find(root: Root, index: PieceIndex): Job | undefined {
    return this.#jobs.find((job) => job.root === root && job.index === index);
  }

  #now(): number {
    return this.#options.clock.ticks();
  }
}
