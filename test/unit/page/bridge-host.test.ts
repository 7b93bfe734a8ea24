import { afterEach, describe, expect, it } from 'vitest';
import { BUILD } from '../../../src/core/build.js';
import { BridgeHost, type BridgeEvents } from '../../../src/page/bridge-host.js';
import type { SiteConfig, WorkerMessage } from '../../../src/protocol/bridge.js';
import { settle } from '../../support/fake-clock.js';
import { CONFIG, FakeWorker } from '../../support/fake-worker.js';

const hosts: BridgeHost[] = [];
afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

function hostOf(worker: FakeWorker, allowed = true) {
  const heard = { welcomes: [] as SiteConfig[], mismatches: 0, messages: [] as WorkerMessage[], ends: 0 };
  const says = { allowed };
  const on: BridgeEvents = {
    welcome: (config) => heard.welcomes.push(config),
    mismatch: () => heard.mismatches++,
    message: (message) => heard.messages.push(message),
    forgotten: () => heard.ends++,
  };
  const host = new BridgeHost({
    container: worker,
    visit: () => 'visit1',
    allowed: () => says.allowed,
    early: () => false,
    on,
  });
  hosts.push(host);
  return { host, heard, says };
}

describe('bridge host', () => {
  it('greets the worker that controls the page', async () => {
    const worker = new FakeWorker();
    worker.claim();
    const { heard } = hostOf(worker);
    await settle();
    expect(worker.hellos).toEqual([
      { peerfold: 'hello', build: BUILD, visit: 'visit1', allowed: true, early: false },
    ]);
    expect(heard.welcomes).toEqual([CONFIG]);
  });

  it('waits for a worker on the first visit, and keeps what is said before to itself', async () => {
    const worker = new FakeWorker();
    const { host, heard } = hostOf(worker, false);
    host.send({ t: 'lead', on: true });
    await settle();
    expect(worker.hellos).toEqual([]);
    worker.claim();
    await settle();
    expect(heard.welcomes).toHaveLength(1);
    expect(worker.hellos).toMatchObject([{ allowed: false }]);
    expect(worker.heard).toEqual([]);
  });

  it('carries messages both ways, bytes transferred', async () => {
    const worker = new FakeWorker();
    worker.claim();
    const { host, heard } = hostOf(worker);
    const bytes = new Uint8Array(1000);
    const root = 'ab'.repeat(32) as never;
    host.send({ t: 'layer', root, bytes }, [bytes.buffer]);
    worker.say({ t: 'drop', root });
    await settle();
    expect(bytes.byteLength).toBe(0);
    expect(worker.of('layer')).toMatchObject([{ root }]);
    expect(heard.messages).toEqual([{ t: 'drop', root }]);
  });

  it('greets again when called, and when another worker takes over', async () => {
    const worker = new FakeWorker();
    worker.claim();
    const { heard } = hostOf(worker);
    await settle();
    worker.call();
    await settle();
    worker.claim();
    await settle();
    expect(worker.hellos).toHaveLength(3);
    expect(heard.welcomes).toHaveLength(3);
  });

  it('does not hear an earlier port any more', async () => {
    const worker = new FakeWorker();
    worker.claim();
    const { heard } = hostOf(worker);
    await settle();
    const before = worker.port;
    worker.call();
    before?.postMessage({ t: 'seen', urls: [] });
    await settle();
    expect(heard.messages).toEqual([]);
    before?.close();
  });

  it.each([undefined, null, 'call', {}, { peerfold: 'call' }, { peerfold: 'other', build: BUILD }, 7])(
    'is not moved by a message of somebody else (%j)',
    async (data) => {
      const worker = new FakeWorker();
      worker.claim();
      hostOf(worker);
      worker.dispatchEvent(new MessageEvent('message', { data }));
      await settle();
      expect(worker.hellos).toHaveLength(1);
    },
  );

  it('gives up on a worker of another build, until another takes over', async () => {
    const worker = new FakeWorker();
    worker.build = 'other';
    worker.claim();
    const { host, heard } = hostOf(worker);
    await settle();
    expect(heard).toMatchObject({ mismatches: 1, welcomes: [] });
    host.send({ t: 'lead', on: true });
    worker.call('other');
    await settle();
    expect(worker.heard).toEqual([]);
    expect(worker.hellos).toHaveLength(1);
    worker.build = BUILD;
    worker.claim();
    await settle();
    expect(heard).toMatchObject({ mismatches: 1, welcomes: [CONFIG] });
    host.send({ t: 'lead', on: true });
    await settle();
    expect(worker.of('lead')).toHaveLength(1);
  });

  it('hears the worker say so as well', async () => {
    const worker = new FakeWorker();
    worker.claim();
    const { heard } = hostOf(worker);
    worker.say({ t: 'mismatch', build: 'newer' });
    await settle();
    expect(heard.mismatches).toBe(1);
  });

  it('is silent after close, and greets again when reopened', async () => {
    const worker = new FakeWorker();
    worker.claim();
    const { host, heard } = hostOf(worker);
    await settle();
    host.close();
    host.close();
    worker.claim();
    worker.call();
    await settle();
    expect(worker.hellos).toHaveLength(1);
    host.reopen();
    await settle();
    expect(worker.hellos).toHaveLength(2);
    expect(heard.welcomes).toHaveLength(2);
  });

  it('says hello again when what is allowed has changed, and names the visit only while it is', () => {
    const worker = new FakeWorker();
    worker.claim();
    const { host, says } = hostOf(worker);
    host.review();
    says.allowed = false;
    host.review();
    host.review();
    says.allowed = true;
    host.review();
    const usual = { peerfold: 'hello', build: BUILD, early: false };
    const yes = { ...usual, allowed: true, visit: 'visit1' };
    expect(worker.hellos).toEqual([yes, { ...usual, allowed: false }, yes]);
  });

  it('hears that all was forgotten, of a worker of any build and without a port', () => {
    const worker = new FakeWorker();
    const { host, heard } = hostOf(worker);
    host.close();
    worker.forget();
    expect(heard.ends).toBe(1);
  });
});
