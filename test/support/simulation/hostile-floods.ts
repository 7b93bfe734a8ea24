import type { PieceIndex, UrlHash } from '../../../src/core/brands.js';
import { DATA_PAYLOAD, MAX_ASK_ROOTS } from '../../../src/core/limits.js';
import { LEAF_LENGTH, pieceCount, pieceSize } from '../../../src/core/pieces.js';
import { encodeFrame } from '../../../src/protocol/peer.js';
import { greet, someRoot, type HostileKind } from './hostile-kind.js';
import type { Conversation } from './hostile-peer.js';

/** Frames a burst holds, and how often one comes (ms), where a kind floods. */
const BURST = 100;
const BURST_EVERY = 20;
const LARGEST_BLOCK = 65_536;
/** Control frames that a peer may send in that time, two for each act (src/peer/session.ts). */
const ALLOWED_BURST = 18;

/** A URL that is nobody's, another one each time. */
function someUrl(talk: Conversation): UrlHash {
  return talk.count('url').toString(16).padStart(64, '0') as UrlHash;
}

/** Says hello, and then does something without end. */
function flooding(act: (talk: Conversation) => void): (talk: Conversation) => void {
  return (talk) => {
    greet(talk);
    talk.every(BURST_EVERY, () => {
      for (let i = 0; i < BURST && talk.open && !talk.choked; i++) act(talk);
    });
  };
}

/** A token that nobody sought, for a URL that nobody knows. */
const STATEMENT = Uint8Array.of(8, ...new Uint8Array(32), ...new TextEncoder().encode('a'.repeat(1000)));

export const FLOODS: readonly HostileKind[] = [
  {
    name: 'floods with questions',
    ends: 'hostile',
    opened: (talk) => {
      const roots = Array.from({ length: MAX_ASK_ROOTS }, (_, i) => talk.files[i]?.root ?? someRoot(talk));
      const question = encodeFrame({ type: 'ask', layers: true, roots });
      flooding(() => {
        talk.sendBytes(question);
      })(talk);
    },
  },
  {
    name: 'floods with questions about roots that it makes up',
    ends: 'hostile',
    opened: flooding((talk) => {
      talk.send({ type: 'ask', layers: false, roots: [someRoot(talk)] });
    }),
  },
  {
    name: 'floods with searches for statements',
    ends: 'hostile',
    opened: flooding((talk) => {
      talk.send({ type: 'seek', urls: [someUrl(talk)] });
    }),
  },
  {
    name: 'floods with claims',
    ends: 'hostile',
    opened: flooding((talk) => {
      const { root } = talk.files[talk.count('claim') % talk.files.length] ?? { root: someRoot(talk) };
      talk.haveAll(root);
    }),
  },
  {
    name: 'floods with requests',
    ends: 'hostile',
    opened: flooding((talk) => {
      const id = talk.count('request');
      const file = talk.files[id % talk.files.length];
      if (!file) return;
      const piece = (id % pieceCount(file.cut)) as PieceIndex;
      const length = Math.min(LARGEST_BLOCK, pieceSize(file.cut, piece));
      talk.send({ type: 'request', id, root: file.root, piece, begin: 0, length });
    }),
  },
  {
    name: 'floods with requests that it takes back',
    ends: 'hostile',
    opened: flooding((talk) => {
      const id = talk.count('request');
      const root = talk.files[id % talk.files.length]?.root ?? someRoot(talk);
      talk.send(
        { type: 'request', id, root, piece: 0 as PieceIndex, begin: 0, length: LEAF_LENGTH },
        { type: 'cancel', id },
      );
    }),
  },
  {
    name: 'floods with data',
    ends: 'hostile',
    opened: flooding((talk) => {
      const id = 1 + talk.count('data');
      talk.send({ type: 'data', id, offset: 0, payload: new Uint8Array(DATA_PAYLOAD) });
    }),
  },
  {
    name: 'floods with statements',
    ends: 'hostile',
    opened: flooding((talk) => {
      talk.sendBytes(STATEMENT);
    }),
  },
];

/** As many frames a second as an honest peer might send, each allowed, for as long as the link lasts. */
function relentless(act: (talk: Conversation, i: number) => void): (talk: Conversation) => void {
  return (talk) => {
    greet(talk);
    talk.every(BURST_EVERY, () => {
      for (let i = 0; i < ALLOWED_BURST && talk.open; i++) act(talk, talk.count('act'));
    });
  };
}

/** What is not worth a ban costs memory, if anything does. */
export const RELENTLESS_KINDS: readonly HostileKind[] = [
  {
    name: 'asks for one root after the other that it makes up',
    opened: relentless((talk) => {
      talk.send({ type: 'ask', layers: true, roots: [someRoot(talk)] });
    }),
  },
  {
    name: 'seeks statements about one URL after the other that it makes up',
    opened: relentless((talk) => {
      talk.send({ type: 'seek', urls: [someUrl(talk)] });
    }),
  },
  {
    name: 'says that it has one root after the other that nobody asked for',
    opened: relentless((talk) => {
      talk.send({ type: 'have', root: someRoot(talk), pieces: 8, bits: Uint8Array.of(255) });
    }),
  },
  {
    name: 'requests pieces and takes it back at once',
    opened: relentless((talk, id) => {
      const file = talk.files[id % talk.files.length];
      if (!file) return;
      const piece = (id % pieceCount(file.cut)) as PieceIndex;
      talk.send({ type: 'request', id, root: file.root, piece, begin: 0, length: LEAF_LENGTH });
      talk.send({ type: 'cancel', id });
    }),
  },
];
