import type { Bytes } from '../core/bytes.js';
import type { PieceIndex, Root } from '../core/brands.js';
import { DATA_PAYLOAD } from '../core/limits.js';
import { MAX_PIECE_LENGTH } from '../core/pieces.js';
import { encodeFrame, type Frame, type RequestFrame } from '../protocol/peer.js';
import type { UploadSource } from './contract.js';
import { HIGH_WATER, type Link } from './link.js';
import type { Sender, UploadGate } from './upload-gate.js';

/** Requests that one peer may have queued: the widest window in blocks of 64 KiB, twice. */
export const MAX_QUEUED = 64;
/** Bytes of one peer's pieces that are held in memory: three of the largest, one sent, one being sent, one next. */
const MAX_LOADED = 3 * MAX_PIECE_LENGTH;
/** Pieces read at once for one peer: the one being sent and the next, */
const READ_AHEAD = 2;
/** or more while they are small: a peer's first window (bytes) is read in one go. */
const READ_AHEAD_BYTES = 256 * 1024;

interface Job {
  readonly request: RequestFrame;
  readonly piece: string;
  /** Of the whole piece. */
  readonly size: number;
  sent: number;
}

export interface UploadQueueOptions {
  readonly link: Link;
  readonly gate: UploadGate;
  readonly source: UploadSource;
  readonly onSent: (bytes: number) => void;
  readonly onFault: (error: unknown) => void;
}

/**
 * What one peer is being sent: its requests in order, layers before them. Nothing here waits on a
 * timer; it goes on when a piece was read, the link drained, or the gate has room.
 */
export class UploadQueue implements Sender {
  readonly #options: UploadQueueOptions;
  readonly #layers: Frame[] = [];
  #jobs: Job[] = [];
  readonly #loaded = new Map<string, Bytes>();
  readonly #loading = new Set<string>();
  #closed = false;

  constructor(options: UploadQueueOptions) {
    this.#options = options;
  }

  get length(): number {
    return this.#jobs.length;
  }

  /** `size` is that of the whole piece. False when the peer asks for more than anybody can use, or uses an id twice. */
  add(request: RequestFrame, size: number): boolean {
    if (this.#jobs.length >= MAX_QUEUED) return false;
    if (this.#jobs.some((job) => job.request.id === request.id)) return false;
    this.#jobs.push({ request, piece: pieceKey(request.root, request.piece), size, sent: 0 });
    this.#load();
    this.#options.gate.enter(this);
    return true;
  }

  /** Queues a layer; dropped when there are too many, since the hash service has them too. */
  addLayer(root: Root, hashes: Bytes): void {
    if (this.#layers.length >= MAX_QUEUED) return;
    this.#layers.push({ type: 'layer', root, hashes });
    this.#options.gate.enter(this);
  }

  /** Stops a request at once; one that is unknown or finished was answered already. */
  cancel(id: number): void {
    this.#reject((job) => job.request.id === id);
  }

  /** Refuses what is queued of a root that is not shared any more. */
  drop(root: Root): void {
    this.#reject((job) => job.request.root === root);
    this.#forget();
  }

  /** The link drained. */
  resume(): void {
    this.#options.gate.enter(this);
  }

  close(): void {
    this.#closed = true;
    this.#jobs = [];
    this.#layers.length = 0;
    this.#loaded.clear();
    this.#options.gate.leave(this);
  }

  nextSize(): number {
    const { link } = this.#options;
    if (!link.open || link.buffered >= HIGH_WATER) return 0;
    const frame = this.#nextFrame();
    return frame ? sizeOf(frame) : 0;
  }

  sendNext(): void {
    const frame = this.#nextFrame();
    if (!frame) return;
    this.#advance(frame);
    if (this.#options.link.send(encodeFrame(frame))) this.#options.onSent(sizeOf(frame));
  }

  #nextFrame(): Frame | undefined {
    const [layer] = this.#layers;
    if (layer) return layer;
    const [job] = this.#jobs;
    const bytes = job && this.#loaded.get(job.piece);
    if (!bytes) return undefined;
    const { id, begin, length } = job.request;
    const offset = begin + job.sent;
    const end = Math.min(offset + DATA_PAYLOAD, begin + length);
    return { type: 'data', id, offset, payload: bytes.subarray(offset, end) };
  }

  #advance(frame: Frame): void {
    const [job] = this.#jobs;
    if (frame.type === 'layer') this.#layers.shift();
    if (frame.type !== 'data' || !job) return;
    job.sent += frame.payload.byteLength;
    if (job.sent < job.request.length) return;
    this.#jobs.shift();
    this.#load();
  }

  #reject(isMeant: (job: Job) => boolean): void {
    const rejected = this.#jobs.filter(isMeant);
    if (rejected.length === 0) return;
    this.#jobs = this.#jobs.filter((job) => !isMeant(job));
    for (const { request } of rejected) {
      this.#options.link.send(encodeFrame({ type: 'reject', id: request.id }));
    }
    this.#load();
    this.#options.gate.enter(this);
  }

  /** Starts reading the pieces that are next; a flood of requests for many pieces reads a few at a time. */
  #load(): void {
    const next = new Set<string>();
    let bytes = 0;
    for (const { request, piece, size } of this.#jobs) {
      if (next.has(piece)) continue;
      bytes += size;
      if (next.size >= READ_AHEAD && bytes > READ_AHEAD_BYTES) break;
      next.add(piece);
      if (!this.#loaded.has(piece) && !this.#loading.has(piece)) this.#read(request, piece);
    }
  }

  #read({ root, piece }: RequestFrame, key: string): void {
    this.#loading.add(key);
    this.#options.source
      .read(root, piece)
      .catch((error: unknown) => {
        this.#options.onFault(error);
        return undefined;
      })
      .then((bytes) => {
        this.#loading.delete(key);
        if (!this.#closed) this.#onRead(key, bytes);
      })
      .catch(this.#options.onFault);
  }

  #onRead(key: string, bytes: Bytes | undefined): void {
    const available = bytes?.byteLength ?? 0;
    if (bytes) {
      this.#loaded.set(key, bytes);
      this.#forget();
    }
    this.#reject(({ piece, request }) => piece === key && request.begin + request.length > available);
    this.#options.gate.enter(this);
  }

  /** Drops loaded pieces beyond the bound, those first that nobody is queued for. */
  #forget(): void {
    const wanted = new Set(this.#jobs.map((job) => job.piece));
    const byUse = [...this.#loaded.keys()].sort((a, b) => Number(wanted.has(a)) - Number(wanted.has(b)));
    let bytes = [...this.#loaded.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
    for (const key of byUse) {
      if (bytes <= MAX_LOADED) return;
      bytes -= this.#loaded.get(key)?.byteLength ?? 0;
      this.#loaded.delete(key);
    }
  }
}

function sizeOf(frame: Frame): number {
  if (frame.type === 'data') return frame.payload.byteLength;
  return frame.type === 'layer' ? frame.hashes.byteLength : 0;
}

function pieceKey(root: Root, index: PieceIndex): string {
  return `${root}:${index}`;
}
