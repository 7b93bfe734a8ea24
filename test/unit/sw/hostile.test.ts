import { generateKeyPair } from 'jose';
import { describe, expect, it } from 'vitest';
import {
  ADMISSION_AUDIENCE,
  ADMISSION_TYPE,
  DIGEST_TYPE,
  REFUSAL_TYPE,
} from '../../../src/protocol/hasher.js';
import { createIdentity } from '../../../src/protocol/seal.js';
import { thumbprint } from '../../../src/verify/statements.js';
import { visitTo, type Visit } from '../../support/visits.js';
import { WorkerRig, SITE, expectSame, piece, urlOf } from '../../support/worker-rig.js';

const PATH = '/media/a.jpg';
const LENGTH = 200_000;
const image = (): Promise<Visit> => visitTo(PATH, LENGTH);

describe('a hostile page', () => {
  it('pushes pieces that nobody asked for: dropped, not stored', async () => {
    const { rig, bytes, signed, page } = await image();
    page.say({ t: 'layer', root: signed.root, bytes: signed.layer });
    page.say({ t: 'piece', root: signed.root, index: piece(0), from: 1, bytes: bytes.slice(0, 65_536) });
    await rig.rest();
    expect(page.all('verdict')).toEqual([]);
    expect(rig.store.find(signed.root)).toBeUndefined();
  });

  it('another page than the one that was asked cannot answer', async () => {
    const { rig, bytes, signed, page } = await image();
    const other = rig.page('tab-2');
    other.hello();
    page.onHeard = (m) => {
      if (m.t !== 'need') return;
      other.say({ t: 'layer', root: signed.root, bytes: signed.layer });
      other.say({ t: 'piece', root: signed.root, index: piece(0), from: 1, bytes: bytes.slice(0, 65_536) });
      other.say({ t: 'miss', id: m.id, reason: 'no-peers' });
    };
    const started = rig.clock.ticks();
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    expect(rig.clock.ticks() - started).toBeGreaterThanOrEqual(1000);
    expect(other.all('verdict')).toEqual([]);
  });

  it('brings a layer that a peer made up: the hash service is asked, once, and pieces count', async () => {
    const { rig, bytes, signed, page } = await image();
    rig.serve(
      page,
      bytes,
      { ...signed, layer: new Uint8Array(signed.layer.byteLength).fill(7) },
      (right) => right,
    );
    const started = rig.clock.ticks();
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    expect(rig.clock.ticks() - started).toBeLessThan(100);
    expect(page.reports).toMatchObject([{ bytes: { peer: LENGTH, http: 0 } }]);
    expect(rig.hasherRequests.filter((path) => path.startsWith('/v1/layers/'))).toHaveLength(1);
  });

  it.each([
    [
      'signed by another key',
      async (rig: WorkerRig, v: Visit) => {
        const { privateKey } = await generateKeyPair('EdDSA');
        return rig.jws(DIGEST_TYPE, claimsOf(v), privateKey);
      },
    ],
    [
      'for another site',
      (rig: WorkerRig, v: Visit) => rig.jws(DIGEST_TYPE, { ...claimsOf(v), aud: 'https://evil.example' }),
    ],
    ['of another type', (rig: WorkerRig, v: Visit) => rig.jws(REFUSAL_TYPE, claimsOf(v))],
    ['expired', (rig: WorkerRig, v: Visit) => rig.jws(DIGEST_TYPE, { ...claimsOf(v), iat: 1, exp: 2 })],
    ['of a void epoch', (rig: WorkerRig, v: Visit) => rig.jws(DIGEST_TYPE, { ...claimsOf(v), epoch: 0 })],
    ['unsigned', () => Promise.resolve('eyJhbGciOiJub25lIn0.e30.AA')],
  ])('sends a token %s: not believed', async (_, forge) => {
    const rig = await WorkerRig.make();
    const bytes = rig.file(PATH, LENGTH);
    const evil = new Uint8Array(LENGTH).fill(6);
    const signed = await rig.sign(PATH, evil);
    const page = await rig.visitor();
    page.say({ t: 'tokens', tokens: [await forge(rig, { rig, path: PATH, bytes: evil, signed, page })] });
    rig.serve(page, evil, signed, (one) => one);
    await rig.rest();
    expect(page.all('known')).toEqual([]);
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
  });

  it('sends a genuine token of another URL: it speaks for that URL only', async () => {
    const rig = await WorkerRig.make();
    const bytes = rig.file(PATH, LENGTH);
    const other = rig.file('/media/other.jpg', LENGTH + 1);
    const signed = await rig.sign('/media/other.jpg', other);
    const page = await rig.visitor();
    page.say({ t: 'tokens', tokens: [signed.token] });
    rig.serve(page, other, signed, (one) => one);
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
  });

  it('replays an older token: the newest statement stands', async () => {
    const { rig, bytes, signed, page } = await image();
    const old = await rig.sign(PATH, new Uint8Array(LENGTH).fill(1), { ver: 1 });
    page.say({ t: 'tokens', tokens: [old.token] });
    rig.serve(page, bytes, signed, (one) => one);
    await rig.rest();
    expect(page.all('known')).toHaveLength(1);
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    expect(page.last('need')?.root).toBe(signed.root);
  });

  it('replaces what is stored: noticed on reading, and fetched anew', async () => {
    const { rig, bytes, signed, page } = await image();
    rig.serve(page, bytes, signed, (one) => one);
    await rig.bytes(rig.ask(PATH));
    const read = rig.store.read.bind(rig.store);
    rig.store.read = async (root, index) => (await read(root, index))?.map((byte) => byte ^ 1);
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    await rig.rest();
    expect(page.reports[1]?.bytes).toMatchObject({ store: 0, http: LENGTH });
  });

  it('replaces the stored token or layer: not believed', async () => {
    const { rig, bytes, signed, page } = await image();
    rig.serve(page, bytes, signed, (one) => one);
    await rig.bytes(rig.ask(PATH));
    const evil = new Uint8Array(LENGTH).fill(6);
    rig.store.tokenFor = () => 'eyJhbGciOiJub25lIn0.e30.AA';
    rig.store.readLayer = () => Promise.resolve(new Uint8Array(signed.layer.length));
    rig.store.read = () => Promise.resolve(evil.slice(0, 65_536));
    rig.restart();
    page.lead();
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
  });

  it('claims to be the engine, and lies about everything it is asked', async () => {
    const { rig, bytes, signed, page } = await image();
    page.onHeard = (m) => {
      page.post({ t: 'verdict', verdict: 'verified' });
      if (m.t !== 'need') return;
      page.post({ t: 'held', root: signed.root });
      page.say({ t: 'layer', root: signed.root, bytes: new Uint8Array(4096) });
      for (let i = 0; i < 50; i++) {
        page.say({ t: 'piece', root: signed.root, index: piece(i), from: i, bytes: new Uint8Array(65_536) });
      }
    };
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
  });

  it.each([
    null,
    7,
    'x',
    [],
    {},
    { t: '__proto__' },
    { t: 'piece' },
    { t: 'placed', id: 1, wait: Number.NaN },
    { t: 'tokens', tokens: [1] },
    { t: 'read', id: -1 },
    { t: 'lead', on: 'yes' },
    { t: 'admit', id: 1, admission: 'a', key: 'b' },
  ])('posts %j: dropped', async (junk) => {
    const { rig, bytes, page } = await image();
    page.post(junk);
    await rig.rest();
    expect(page.all('fault')).toEqual([]);
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
  });

  it('reads out only what was offered, and only while it may be', async () => {
    const { rig, bytes, signed, page } = await image();
    page.say({ t: 'read', id: 1, root: signed.root, index: piece(0) });
    rig.serve(page, bytes, signed, (one) => one);
    await rig.bytes(rig.ask(PATH));
    page.say({ t: 'read', id: 2, root: signed.root, index: piece(1) });
    page.say({ t: 'read', id: 3, root: signed.root, index: piece(99) });
    await rig.rest();
    const answers = new Map(page.all('bytes').map(({ id, bytes: got }) => [id, got?.byteLength]));
    expect(answers).toEqual(
      new Map([
        [1, undefined],
        [2, 65_536],
        [3, undefined],
      ]),
    );
    expectSame(
      page.all('bytes').find(({ id }) => id === 2)?.bytes ?? new Uint8Array(0),
      bytes.slice(65_536, 131_072),
    );
    page.allow(false);
    page.say({ t: 'read', id: 4, root: signed.root, index: piece(1) });
    await rig.rest();
    expect(page.last('bytes')).toEqual({ t: 'bytes', id: 4 });
    // A second reading shows that the first one's buffer was a copy.
    page.allow(true);
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
  });

  it('of another build is told so, and not spoken to', async () => {
    const rig = await WorkerRig.make();
    const page = rig.page();
    page.hello({ build: 'other' });
    await rig.rest();
    expect(page.heard.map(({ t }) => t)).toEqual(['mismatch']);
  });

  it('can have visitors of partner sites admitted, and of no other site', async () => {
    const rig = await WorkerRig.make({ config: { partners: ['https://www.example.org'] } });
    const page = await rig.visitor();
    const { publicKey: key } = await createIdentity();
    const jkt = await thumbprint(key);
    const sites = [SITE, 'https://www.example.org', 'https://www.example.net'];
    for (const [id, site] of sites.entries()) {
      const exp = Math.floor(rig.clock.now() / 1000) + 600;
      const claims = { aud: ADMISSION_AUDIENCE, site, jkt, exp };
      page.say({ t: 'admit', id, admission: await rig.jws(ADMISSION_TYPE, claims), key });
      await rig.rest();
      expect(page.last('admitted')).toEqual({ t: 'admitted', id, ok: id < 2 });
    }
  });

  it('cannot pass a foreign admission', async () => {
    const { rig, page } = await image();
    const key = 'B'.repeat(87);
    page.say({ t: 'admit', id: 5, admission: await rig.jws('peerfold-admission+jwt', { site: SITE }), key });
    await rig.rest();
    expect(page.last('admitted')).toEqual({ t: 'admitted', id: 5, ok: false });
  });
});

describe('the policy', () => {
  it('switched off: HTTP only, nothing offered', async () => {
    const rig = await WorkerRig.make();
    rig.policy = { enabled: false };
    const bytes = rig.file(PATH, LENGTH);
    const page = await rig.visitor();
    expect(page.last('policy')).toEqual({ t: 'policy', enabled: false, rollout: 1 });
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    await rig.rest();
    expect(page.last('left')?.reason).toBe('disabled');
    expect(page.all('seen')).toEqual([]);
  });

  it('revoking a root ends its use within the policy’s life, and drops it', async () => {
    const { rig, bytes, signed, page } = await image();
    rig.serve(page, bytes, signed, (one) => one);
    await rig.bytes(rig.ask(PATH));
    rig.policy = { revoked: [{ of: signed.root, before: Number.MAX_SAFE_INTEGER }] };
    await rig.rest(290_000);
    expect(page.last('drop')).toEqual({ t: 'drop', root: signed.root });
    page.heard.length = 0;
    page.say({ t: 'tokens', tokens: [signed.token] });
    await rig.bytes(rig.ask(PATH));
    expect(page.all('need')).toEqual([]);
    expect(page.all('known')).toEqual([]);
  });

  it('of a purge ends what was signed before it, also sent again, and believes what is signed after it', async () => {
    const { rig, bytes, signed, page } = await image();
    rig.serve(page, bytes, signed, (one) => one);
    await rig.bytes(rig.ask(PATH));
    const before = Math.floor(rig.clock.now()) + 100_000;
    rig.policy = { revoked: [{ of: '/media/*', before }] };
    await rig.rest(290_000);
    expect(page.last('drop')).toEqual({ t: 'drop', root: signed.root });
    page.heard.length = 0;
    page.say({ t: 'tokens', tokens: [signed.token] });
    await rig.rest();
    expect(page.all('known')).toEqual([]);
    const after = await rig.sign(PATH, bytes, { ver: before });
    page.say({ t: 'tokens', tokens: [after.token] });
    await rig.rest();
    expect(page.last('known')).toMatchObject({ root: signed.root });
  });

  it('that comes with other keys ends what was signed by a key that was taken back, also sent again', async () => {
    const { rig, bytes, signed, page } = await image();
    rig.serve(page, bytes, signed, (one) => one);
    await rig.bytes(rig.ask(PATH));
    await rig.revokeKey();
    await rig.rest(290_000);
    expect(page.last('drop')).toEqual({ t: 'drop', root: signed.root });
    page.heard.length = 0;
    page.say({ t: 'tokens', tokens: [signed.token] });
    await rig.bytes(rig.ask(PATH));
    expect(page.all('need')).toEqual([]);
    expect(page.all('known')).toEqual([]);
  });

  it('that cannot be renewed ends with its time', async () => {
    const { rig, bytes, page } = await image();
    rig.hasherHangs = true;
    await rig.rest(330_000);
    expect(page.last('policy')).toEqual({ t: 'policy' });
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    await rig.rest();
    expect(page.last('left')?.reason).toBe('disabled');
  });

  it.each([
    ['although the clock was set back', -3_600_000, 330_000],
    ['although the ticks rested while the machine slept', 330_000, 1],
  ])('that cannot be renewed ends with its time, %s', async (_, jump, rest) => {
    const { rig, bytes, page } = await image();
    rig.hasherHangs = true;
    rig.clock.jump(jump);
    await rig.rest(rest);
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    await rig.rest();
    expect(page.last('left')?.reason).toBe('disabled');
  });

  it('that cannot be renewed costs nothing that is stored', async () => {
    const { rig, bytes, signed, page } = await image();
    rig.serve(page, bytes, signed, (one) => one);
    await rig.bytes(rig.ask(PATH));
    rig.hasherHangs = true;
    await rig.rest(330_000);
    expect(page.all('drop')).toEqual([]);
    rig.hasherHangs = false;
    await rig.rest(30_000);
    await rig.bytes(rig.ask(PATH));
    await rig.rest(20_000);
    rig.requests.length = 0;
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    expect(rig.requests).toEqual([]);
  });

  it('and keys are not asked for before a page says that it is allowed', async () => {
    const rig = await WorkerRig.make();
    rig.file(PATH, LENGTH);
    const page = rig.page();
    page.lead({ allowed: false });
    await rig.bytes(rig.ask(PATH));
    await rig.rest();
    expect(rig.hasherRequests).toEqual([]);
    expect(page.all('seen')).toEqual([]);
    expect(page.last('left')?.reason).toBe('not-allowed');
    page.allow(true);
    await rig.rest();
    expect(rig.hasherRequests).toContain('/v1/policy');
  });

  it('is remembered as allowed for the next visit’s first requests', async () => {
    const { rig, bytes, signed, page } = await image();
    rig.serve(page, bytes, signed, (one) => one);
    await rig.bytes(rig.ask(PATH));
    rig.restart();
    rig.requests.length = 0;
    expectSame(await rig.bytes(rig.ask(PATH, { clientId: 'unknown' })), bytes);
    expect(rig.requests).toEqual([]);
  });

  it('is not remembered where the browser objects: a page has to say so again', async () => {
    const { rig, bytes, signed, page } = await image();
    rig.serve(page, bytes, signed, (one) => one);
    await rig.bytes(rig.ask(PATH));
    rig.privacyControl = true;
    rig.restart();
    for (const requests of [rig.requests, rig.hasherRequests]) requests.length = 0;
    expectSame(await rig.bytes(rig.ask(PATH, { clientId: 'unknown' })), bytes);
    expect(rig.requests).toHaveLength(1);
    expect(rig.hasherRequests).toEqual([]);
    const asked = rig.page('tab-2');
    asked.lead();
    await rig.rest(10);
    expectSame(await rig.bytes(rig.ask(PATH, { clientId: asked.id })), bytes);
    expect(rig.requests).toHaveLength(1);
  });

  it('refusals are honoured', async () => {
    const { rig, bytes, page } = await image();
    rig.clock.jump(1000);
    page.say({ t: 'tokens', tokens: [await rig.refuse(PATH)] });
    await rig.rest();
    expect(page.last('refused')).toMatchObject({ url: urlOf(PATH), code: 'private' });
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    await rig.rest();
    expect(page.last('left')?.reason).toBe('refused');
    expect(page.all('held')).toEqual([]);
  });
});

function claimsOf({ signed }: Visit): Record<string, unknown> {
  const { root, cut } = signed;
  return { sub: urlOf(PATH), root, len: cut.length, piece: cut.piece, hdr: {} };
}
