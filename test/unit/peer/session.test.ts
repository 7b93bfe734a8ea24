import { beforeEach, describe, expect, it } from 'vitest';
import { Bitfield } from '../../../src/core/bitfield.js';
import type { Bytes } from '../../../src/core/bytes.js';
import type { ByteLength, PieceIndex, Root, UrlHash } from '../../../src/core/brands.js';
import { DATA_PAYLOAD, MAX_FRAME } from '../../../src/core/limits.js';
import { MAX_PIECE_LENGTH } from '../../../src/core/pieces.js';
import type { Assignment } from '../../../src/peer/downloads.js';
import type { CloseReason } from '../../../src/peer/link.js';
import { Session } from '../../../src/peer/session.js';
import { Shelf } from '../../../src/peer/shelf.js';
import { UploadGate } from '../../../src/peer/upload-gate.js';
import { MAX_QUEUED } from '../../../src/peer/upload-queue.js';
import { decodeFrame, encodeFrame, type Frame } from '../../../src/protocol/peer.js';
import { FakeClock } from '../../support/fake-clock.js';
import { memoryPair, type MemoryLink } from '../../support/memory-link.js';
import { seededBytes } from '../../support/random.js';
import { JWS } from '../../support/samples.js';
import { fullBitfield } from '../../support/bits.js';
import { Content } from '../../support/swarm-town.js';

const KIB = 1024;

/** A session of ours, and a peer that sends whatever the test says. */
class Duel {
  readonly clock = new FakeClock();
  readonly shelf = new Shelf(true);
  readonly session: Session;
  readonly stranger: MemoryLink;
  readonly seen: string[] = [];
  readonly received: { assignment: Assignment; bytes: Bytes }[] = [];
  readonly layers: Bytes[] = [];
  readonly tokens: [UrlHash, string][] = [];
  readonly heard: Frame[] = [];
  readonly reads: string[] = [];
  closed: CloseReason | undefined;
  lost: readonly Assignment[] = [];
  readResult: (root: Root, index: PieceIndex) => Promise<Bytes | undefined> = () =>
    Promise.resolve(undefined);

  constructor() {
    const { clock, shelf } = this;
    const [ours, theirs] = memoryPair(clock, { bandwidth: 10_000_000 });
    this.stranger = theirs;
    theirs.listen({
      onOpen: () => undefined,
      onFrame: (bytes) => {
        const frame = decodeFrame(bytes);
        if (frame) this.heard.push(frame);
      },
      onDrain: () => undefined,
      onClose: () => undefined,
    });
    this.session = new Session({
      link: ours,
      clock,
      shelf,
      gate: new UploadGate({ clock, rate: 1e9 }),
      source: {
        read: (root, index) => {
          this.reads.push(`${root}:${index}`);
          return this.readResult(root, index);
        },
      },
      events: {
        onReady: () => this.seen.push('ready'),
        onHave: () => this.seen.push('have'),
        onLayer: (_root, hashes) => this.layers.push(hashes),
        onToken: (url, token) => this.tokens.push([url, token]),
        onPiece: (assignment, bytes) => this.received.push({ assignment, bytes }),
        onRejected: (_piece, wasPromised) => this.seen.push(wasPromised ? 'broken promise' : 'rejected'),
        onRoom: () => undefined,
        onClose: (reason, lost) => {
          this.closed = reason;
          this.lost = lost;
        },
        onFault: (error) => this.seen.push(`fault ${String(error)}`),
      },
    });
  }

  async greet(): Promise<void> {
    await this.clock.advance(2);
    await this.says({ type: 'hello', version: 1 });
    expect(this.seen).toEqual(['ready']);
  }

  async says(...frames: Frame[]): Promise<void> {
    await this.sends(...frames.map(encodeFrame));
  }

  async sends(...frames: Bytes[]): Promise<void> {
    for (const frame of frames) this.stranger.send(frame);
    await this.clock.advance(2);
  }

  of<T extends Frame['type']>(type: T): (Frame & { type: T })[] {
    return this.heard.filter((frame): frame is Frame & { type: T } => frame.type === type);
  }
}

const content = new Content('session', 300 * KIB);
const { root, cut } = content;
const URL_HASH = 'ab'.repeat(32) as UrlHash;
const OTHER_HASH = 'cd'.repeat(32) as UrlHash;
const FULL = fullBitfield(5).toBytes();
const have = (pieces: number, bits: Bytes): Frame => ({ type: 'have', root, pieces, bits });
const first = { root, index: 0 as PieceIndex, size: 64 * KIB };
const request = (id: number, piece = 0, begin = 0, length = 64 * KIB): Frame => ({
  ...{ type: 'request', id, root, piece: piece as PieceIndex, begin, length },
});

let duel: Duel;

beforeEach(() => {
  duel = new Duel();
});

describe('hello', () => {
  it('is said first by both sides', async () => {
    await duel.greet();
    expect(duel.heard).toEqual([{ type: 'hello', version: 1 }]);
    expect(duel.session.ready).toBe(true);
  });

  it.each([
    ['another version', 'version', encodeFrame({ type: 'hello', version: 2 })],
    ['something else', 'hostile', encodeFrame({ type: 'bye' })],
    ['nonsense', 'hostile', Uint8Array.of(200, 1, 2)],
    ['nothing', 'hostile', new Uint8Array()],
    ['a huge frame', 'hostile', new Uint8Array(MAX_FRAME + 1).fill(1)],
  ])('closes on %s', async (_what, reason, frame) => {
    await duel.clock.advance(2);
    await duel.sends(frame);
    expect(duel.closed).toBe(reason);
  });

  it('is not waited for forever', async () => {
    await duel.clock.advance(15_000);
    expect(duel.closed).toBe('timeout');
    expect(duel.clock.pending).toBe(0);
  });

  it('is said only once', async () => {
    await duel.greet();
    await duel.says({ type: 'hello', version: 1 });
    expect(duel.closed).toBe('hostile');
  });
});

describe('what the peer holds', () => {
  beforeEach(async () => {
    await duel.greet();
    duel.session.ask([content]);
  });

  it('is asked once per root, and believed within the signed cut', async () => {
    duel.session.ask([content]);
    expect(duel.session.holdings.awaits(root)).toBe(true);
    await duel.says(have(5, Uint8Array.of(0b10100000)));
    expect(duel.of('ask')).toHaveLength(1);
    expect(content.indexes.map((index) => duel.session.holdings.has(root, index))).toEqual([
      ...[true, false, true, false, false],
    ]);
    expect(duel.session.holdings.awaits(root)).toBe(false);
  });

  it.each([
    ['of too many pieces', have(6, Uint8Array.of(0xfc))],
    ['of too few', have(4, Uint8Array.of(0xf0))],
    ['with spare bits set', have(5, Uint8Array.of(0xff))],
    ['of an absurd size', have(400_000, new Uint8Array(50_000))],
  ])('closes on a bitfield %s', async (_what, frame) => {
    await duel.says(frame);
    expect(duel.closed).toBe('hostile');
  });

  it('ignores what nobody asked for', async () => {
    const other = new Content('unasked', 1).root;
    await duel.says({ type: 'have', root: other, pieces: 1, bits: Uint8Array.of(0x80) });
    expect(duel.closed).toBeUndefined();
    expect(duel.session.holdings.hasAny(other)).toBe(false);
  });

  it('may be nothing, and is not waited for longer than a second', async () => {
    const other = new Content('unanswered', 1);
    duel.session.ask([other]);
    await duel.says(have(0, new Uint8Array()));
    expect(duel.session.holdings.hasAny(root)).toBe(false);
    await duel.clock.advance(1000);
    expect(duel.session.holdings.awaits(other.root)).toBe(false);
  });

  it('is a layer only when asked for, and of the right length', async () => {
    duel.session.askLayer(content);
    await duel.says({ type: 'layer', root, hashes: new Uint8Array(5 * 32) });
    expect(duel.layers).toHaveLength(1);
    await duel.says({ type: 'layer', root, hashes: new Uint8Array(5 * 32) });
    expect(duel.closed).toBe('hostile');
  });

  it('closes on a layer of another length', async () => {
    duel.session.askLayer(content);
    await duel.says({ type: 'layer', root, hashes: new Uint8Array(6 * 32) });
    expect(duel.closed).toBe('hostile');
  });
});

describe('downloading', () => {
  let id: number;

  beforeEach(async () => {
    await duel.greet();
    duel.session.ask([content]);
    await duel.says(have(5, FULL));
    duel.session.downloads.assign(first);
    await duel.clock.advance(2);
    id = duel.of('request')[0]?.id ?? -1;
  });

  const data = (offset: number, length: number, of = id): Frame => ({
    ...{ type: 'data', id: of, offset, payload: new Uint8Array(length).fill(7) },
  });

  it('puts a piece together', async () => {
    await duel.says(data(0, DATA_PAYLOAD), data(DATA_PAYLOAD, DATA_PAYLOAD));
    expect(duel.received).toMatchObject([{ assignment: first }]);
    expect(duel.received[0]?.bytes).toEqual(new Uint8Array(64 * KIB).fill(7));
    expect(duel.session.downloads).toMatchObject({ inFlight: 0, queued: 0, wasted: 0 });
  });

  it('takes frames of another size from another implementation', async () => {
    for (let at = 0; at < 64 * KIB; at += 4096) await duel.says(data(at, 4096));
    expect(duel.received).toHaveLength(1);
  });

  it.each([
    ['a wrong offset', () => data(100, DATA_PAYLOAD)],
    ['a gap', () => data(DATA_PAYLOAD, DATA_PAYLOAD)],
    ['an unknown id', () => data(0, DATA_PAYLOAD, 99)],
    ['a byte at a time', () => data(0, 1)],
  ])('closes on %s', async (_what, frame) => {
    await duel.says(frame());
    expect(duel.closed).toBe('hostile');
    expect(duel.lost).toMatchObject([first]);
    expect(duel.received).toEqual([]);
  });

  it('closes on more than was asked for', async () => {
    await duel.says(data(0, DATA_PAYLOAD), data(DATA_PAYLOAD, DATA_PAYLOAD + 1));
    expect(duel.closed).toBe('hostile');
  });

  it('closes on bytes after the end', async () => {
    await duel.says(data(0, DATA_PAYLOAD), data(DATA_PAYLOAD, DATA_PAYLOAD), data(0, DATA_PAYLOAD));
    expect(duel.closed).toBe('hostile');
    expect(duel.received).toHaveLength(1);
  });

  it('does not hold a refusal against a peer that has said before that it holds the root no more', async () => {
    await duel.says(have(0, new Uint8Array()), { type: 'reject', id });
    expect(duel.seen).toContain('rejected');
  });

  it('gives a refused piece back and does not count the peer as holding it', async () => {
    await duel.says({ type: 'reject', id });
    expect(duel.seen).toContain('broken promise');
    expect(duel.session.holdings.has(root, first.index)).toBe(false);
    expect(duel.session.downloads.queued).toBe(0);
  });

  it('closes on a refusal of nothing', async () => {
    await duel.says({ type: 'reject', id: 1234 });
    expect(duel.closed).toBe('hostile');
  });

  it('cancels, and counts what still comes as wasted', async () => {
    await duel.says(data(0, DATA_PAYLOAD));
    expect(duel.session.downloads.release(root, first.index)).toBe(true);
    await duel.clock.advance(2);
    expect(duel.of('cancel')).toEqual([{ type: 'cancel', id }]);
    expect(duel.session.downloads.inFlight).toBe(DATA_PAYLOAD);
    await duel.says(data(DATA_PAYLOAD, DATA_PAYLOAD));
    expect(duel.session.downloads).toMatchObject({ inFlight: 0, wasted: 64 * KIB });
    expect(duel.received).toEqual([]);
  });

  it('knows by the answer to a cancel that nothing more comes', async () => {
    duel.session.downloads.release(root, first.index);
    await duel.says({ type: 'reject', id });
    expect(duel.session.downloads.inFlight).toBe(0);
    expect(duel.seen).not.toContain('rejected');
    await duel.says(data(0, DATA_PAYLOAD));
    expect(duel.closed).toBe('hostile');
  });

  it('keeps no more in flight than the window, whatever it is given', async () => {
    const huge = new Content('huge', 2 ** 30);
    for (const index of huge.indexes.slice(0, 20)) {
      duel.session.downloads.assign({ root: huge.root, index, size: 1024 * KIB });
    }
    await duel.clock.advance(2);
    expect(duel.session.downloads.inFlight).toBeLessThanOrEqual(duel.session.downloads.window.bytes);
  });
});

describe('uploading', () => {
  const bytes = content.bytesOf(0 as PieceIndex);

  beforeEach(async () => {
    duel.readResult = () => Promise.resolve(bytes);
    duel.shelf.put(root, cut, fullBitfield(5));
    await duel.greet();
  });

  it('says what it holds to whoever asks, and again when that grows', async () => {
    const bits = new Bitfield(5);
    duel.shelf.put(root, cut, bits);
    duel.session.announce(root);
    await duel.says({ type: 'ask', layers: false, roots: [root] });
    bits.set(3);
    duel.session.announce(root);
    await duel.clock.advance(2);
    expect(duel.of('have').map((frame) => [...frame.bits])).toEqual([[0], [0b00010000]]);
  });

  it('answers alike for roots it lacks and roots it withholds', async () => {
    duel.shelf.open = false;
    const unknown = new Content('unknown', 1).root;
    await duel.says({ type: 'ask', layers: true, roots: [root, unknown] });
    await duel.says(request(1), { ...request(2), root: unknown } as Frame);
    expect(duel.of('have')).toEqual(
      [root, unknown].map((one) => ({ ...have(0, new Uint8Array()), root: one })),
    );
    expect(duel.of('reject').map(({ id }) => id)).toEqual([1, 2]);
    expect(duel.reads).toEqual([]);
  });

  it('sends the part that was asked for, in order', async () => {
    await duel.says(request(8, 0, 1000, 40_000));
    await duel.clock.advance(50);
    const frames = duel.of('data');
    expect(frames.map(({ id, offset, payload }) => [id, offset, payload.byteLength])).toEqual([
      [8, 1000, DATA_PAYLOAD],
      [8, 1000 + DATA_PAYLOAD, 40_000 - DATA_PAYLOAD],
    ]);
    expect(frames[0]?.payload).toEqual(bytes.subarray(1000, 1000 + DATA_PAYLOAD));
  });

  it('reads a piece once for all requests for its parts', async () => {
    await duel.says(request(1, 0, 0, 20_000), request(2, 0, 20_000, 20_000), request(3, 0, 40_000, 20_000));
    await duel.clock.advance(50);
    expect(duel.reads).toHaveLength(1);
    expect(duel.of('data')).toHaveLength(3);
  });

  it('refuses parts beyond the piece, pieces that are gone and reads that fail', async () => {
    await duel.says(request(1, 0, 60_000, 64 * KIB));
    duel.readResult = () => Promise.resolve(undefined);
    await duel.says(request(2, 1));
    duel.readResult = () => Promise.reject(new Error('no store'));
    await duel.says(request(3, 2));
    expect(duel.of('reject').map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(duel.seen).toContain('fault Error: no store');
    expect(duel.closed).toBeUndefined();
  });

  it('says that it holds a root no more before it refuses what was asked of it', async () => {
    duel.readResult = () => new Promise(() => undefined);
    await duel.says({ type: 'ask', layers: false, roots: [root] }, request(1));
    duel.shelf.remove(root);
    duel.session.withdraw(root);
    await duel.clock.advance(2);
    expect(duel.heard.slice(-2)).toEqual([have(0, new Uint8Array()), { type: 'reject', id: 1 }]);
  });

  it('refuses pieces it has not announced', async () => {
    duel.shelf.put(root, cut, new Bitfield(5));
    await duel.says(request(1), request(2, 4_000_000));
    expect(duel.of('reject')).toHaveLength(2);
  });

  it('stops at once when cancelled, and says so', async () => {
    duel.readResult = () => new Promise(() => undefined);
    await duel.says(request(1), request(2));
    await duel.says({ type: 'cancel', id: 1 }, { type: 'cancel', id: 77 });
    expect(duel.of('reject').map(({ id }) => id)).toEqual([1]);
  });

  it('reads no more than a first window ahead, however much is asked for', async () => {
    duel.readResult = () => new Promise(() => undefined);
    await duel.says(...content.indexes.map((index) => request(index, index)));
    expect(duel.reads).toHaveLength(4);
  });

  it('reads no more than two large pieces ahead', async () => {
    const large = { length: (5 * MAX_PIECE_LENGTH) as ByteLength, piece: MAX_PIECE_LENGTH };
    duel.shelf.put(root, large, fullBitfield(5));
    duel.readResult = () => new Promise(() => undefined);
    await duel.says(...content.indexes.map((index) => request(index, index, 0, 16 * KIB)));
    expect(duel.reads).toHaveLength(2);
  });

  it('closes on more requests than anybody can use, and on an id used twice', async () => {
    duel.readResult = () => new Promise(() => undefined);
    await duel.says(...Array.from({ length: MAX_QUEUED }, (_, i) => request(i)));
    expect(duel.closed).toBeUndefined();
    await duel.says(request(MAX_QUEUED));
    expect(duel.closed).toBe('hostile');
    const second = new Duel();
    second.shelf.put(root, cut, fullBitfield(5));
    second.readResult = () => new Promise(() => undefined);
    await second.greet();
    await second.says(request(1), request(1));
    expect(second.closed).toBe('hostile');
  });

  it('sends a layer to whoever asks for it', async () => {
    duel.shelf.put(root, cut, fullBitfield(5), new Uint8Array(160).fill(3));
    await duel.says({ type: 'ask', layers: true, roots: [root] });
    expect(duel.of('layer')).toEqual([{ type: 'layer', root, hashes: new Uint8Array(160).fill(3) }]);
  });

  it('holds back while the link is full, and goes on when it drains', async () => {
    const requests = Array.from({ length: 40 }, (_, i) => request(i, i % 5));
    await duel.says(...requests);
    expect(duel.of('data').length).toBeLessThan(10);
    await duel.clock.advance(1000);
    expect(duel.of('data')).toHaveLength(80);
    expect(duel.session.sent.total).toBe(40 * 64 * KIB);
  });
});

describe('statements', () => {
  const seek: Frame = { type: 'seek', urls: [URL_HASH, OTHER_HASH] };
  const token = { type: 'token', url: URL_HASH, token: JWS } as const;

  beforeEach(async () => {
    await duel.greet();
  });

  it('are sent to whoever seeks them: at once, or when they come', async () => {
    duel.shelf.put(root, cut, fullBitfield(5));
    duel.shelf.state(root, URL_HASH, JWS);
    await duel.says(seek);
    expect(duel.of('token')).toEqual([token]);
    duel.shelf.state(root, OTHER_HASH, 'd.e.f');
    duel.session.statements.offer(OTHER_HASH);
    duel.session.statements.offer(OTHER_HASH);
    await duel.clock.advance(2);
    expect(duel.of('token')).toEqual([token, { type: 'token', url: OTHER_HASH, token: 'd.e.f' }]);
  });

  it('are kept while nothing may be shared, of what is shared no more, and of what was never sought', async () => {
    duel.shelf.put(root, cut, fullBitfield(5));
    duel.shelf.state(root, URL_HASH, JWS);
    duel.session.statements.offer(URL_HASH);
    duel.shelf.open = false;
    await duel.says(seek);
    duel.shelf.open = true;
    duel.shelf.remove(root);
    await duel.says(seek);
    expect(duel.of('token')).toEqual([]);
    expect(duel.closed).toBeUndefined();
  });

  it('that we seek come once, and only those', async () => {
    duel.session.statements.seek([URL_HASH]);
    duel.session.statements.seek([URL_HASH, OTHER_HASH]);
    await duel.clock.advance(2);
    expect(duel.of('seek').map(({ urls }) => urls)).toEqual([[URL_HASH], [OTHER_HASH]]);
    await duel.says(token);
    expect(duel.tokens).toEqual([[URL_HASH, JWS]]);
    await duel.says(token);
    expect(duel.closed).toBe('hostile');
  });

  it('cannot be asked for without end: what answers weigh is paid for', async () => {
    duel.shelf.put(root, cut, fullBitfield(5));
    duel.shelf.state(root, URL_HASH, `${'a'.repeat(8000)}.b.c`);
    await duel.sends(...new Array<Bytes>(200).fill(encodeFrame(seek)));
    expect(duel.closed).toBe('hostile');
    expect(duel.of('token').length).toBeLessThan(150);
  });
});

describe('floods', () => {
  const flood = (frame: Frame, count: number): Bytes[] => new Array<Bytes>(count).fill(encodeFrame(frame));

  it.each<[string, Frame]>([
    ['asks', { type: 'ask', layers: true, roots: Array.from({ length: 256 }, () => root) }],
    ['requests', request(1)],
    ['cancels', { type: 'cancel', id: 1 }],
    ['haves', have(0, new Uint8Array())],
    ['tokens', { type: 'token', url: URL_HASH, token: JWS }],
    ['seeks', { type: 'seek', urls: [URL_HASH] }],
  ])('of %s end the link', async (_what, frame) => {
    await duel.greet();
    await duel.sends(...flood(frame, 5000));
    expect(duel.closed).toBe('hostile');
    expect(duel.clock.pending).toBe(0);
  });

  it('of random frames end the link, throw nothing, and leave nothing behind', async () => {
    const random = seededBytes(5);
    for (let round = 0; round < 50; round++) {
      const one = new Duel();
      await one.greet();
      const frames = Array.from({ length: 100 }, (_, i) => {
        const frame = random(1 + ((round * 37 + i * 11) % 200));
        frame[0] = i % 13;
        return frame;
      });
      await one.sends(...frames);
      expect(one.closed === 'hostile' || one.closed === 'bye').toBe(true);
      expect(one.received).toEqual([]);
      expect(one.clock.pending).toBe(0);
    }
  });
});
