import { describe, expect, it } from 'vitest';
import { MEMORY_PREFIX, visitorMemory, type Memory } from '../../../src/page/memory.js';
import { Policy, type VisitorSignals } from '../../../src/page/policy.js';
import { currentVisit, VISIT_GAP } from '../../../src/page/visit.js';
import { seededRandom } from '../../support/random.js';
import { FAKE_EPOCH } from '../../support/fake-clock.js';
import { fakeMemory } from '../../support/fake-visitor.js';

interface Setting {
  consent?: 'required' | 'implied';
  rollout?: number;
  control?: number;
  off?: boolean;
  signals?: VisitorSignals;
  memory?: Memory;
  random?: () => number;
  site?: { enabled: boolean; rollout: number };
}

function policyOf(setting: Setting = {}): Policy {
  const { consent = 'implied', rollout = 1, signals = {}, memory = fakeMemory() } = setting;
  const { control = 0, off = false, random = () => 0.5 } = setting;
  const policy = new Policy({ consent, rollout, control, off, signals, memory, random });
  policy.heed(setting.site ?? { enabled: true, rollout: 1 });
  return policy;
}

describe('consent', () => {
  it('is needed first where it is required', () => {
    const policy = policyOf({ consent: 'required' });
    expect(policy.refusal).toBe('consent');
    policy.choose(true);
    expect(policy.refusal).toBeUndefined();
    policy.choose(false);
    expect(policy.refusal).toBe('consent');
  });

  it('is kept for the next page, and so is a refusal', () => {
    const memory = fakeMemory();
    policyOf({ consent: 'required', memory }).choose(true);
    expect(policyOf({ consent: 'required', memory }).refusal).toBeUndefined();
    policyOf({ memory }).choose(false);
    expect(policyOf({ memory }).refusal).toBe('consent');
  });

  it('is refused by Global Privacy Control until granted in so many words', () => {
    const policy = policyOf({ signals: { globalPrivacyControl: true } });
    expect(policy.refusal).toBe('privacy-control');
    policy.choose(true);
    expect(policy.refusal).toBeUndefined();
  });

  it('does not believe anything else that storage may hold', () => {
    expect(policyOf({ consent: 'required', memory: fakeMemory({ consent: 'yes' }) }).refusal).toBe('consent');
  });
});

describe('the network', () => {
  it.each([
    [{ saveData: true }, 'save-data'],
    [{ type: 'cellular' }, 'metered'],
    [{ type: 'wimax' }, 'metered'],
    [{ type: 'wifi' }, undefined],
    [{ saveData: false, type: 'ethernet' }, undefined],
    [{}, undefined],
  ])('%j gives %s', (connection, refusal) => {
    expect(policyOf({ signals: { connection } }).refusal).toBe(refusal);
  });

  it('is looked at afresh each time, and consent does not override it', () => {
    const connection = { saveData: false };
    const policy = policyOf({ signals: { connection } });
    policy.choose(true);
    expect(policy.refusal).toBeUndefined();
    connection.saveData = true;
    expect(policy.refusal).toBe('save-data');
  });
});

describe('roll-out', () => {
  it('is drawn once per visitor', () => {
    const memory = fakeMemory();
    const random = seededRandom(1);
    const first = policyOf({ memory, random, rollout: 0.5 }).refusal;
    for (let page = 0; page < 20; page++) {
      expect(policyOf({ memory, random, rollout: 0.5 }).refusal).toBe(first);
    }
  });

  it('takes about the share it should', () => {
    const random = seededRandom(2);
    const inside = Array.from({ length: 2000 }, () => policyOf({ random, rollout: 0.3 }).refusal);
    const share = inside.filter((refusal) => refusal === undefined).length / 2000;
    expect(share).toBeGreaterThan(0.26);
    expect(share).toBeLessThan(0.34);
  });

  it.each([
    [0, 'rollout'],
    [1, undefined],
  ])('of %s gives everybody %s', (rollout, refusal) => {
    for (const draw of [0, 0.5, 0.999999])
      expect(policyOf({ rollout, random: () => draw }).refusal).toBe(refusal);
  });

  it('draws again when storage was tampered with', () => {
    for (const lot of ['', 'abc', '-1', '1', '2', 'NaN', 'Infinity']) {
      const memory = fakeMemory({ lot });
      expect(policyOf({ memory, rollout: 0.6 }).refusal).toBeUndefined();
      expect(Number(memory.map.get('lot'))).toBeLessThan(1);
    }
  });
});

describe('the control group', () => {
  it('is drawn once per visitor, among those who take part', () => {
    const memory = fakeMemory();
    const random = seededRandom(3);
    const first = policyOf({ memory, random, control: 0.5 }).refusal;
    for (let page = 0; page < 20; page++)
      expect(policyOf({ memory, random, control: 0.5 }).refusal).toBe(first);
    expect(policyOf({ control: 1, rollout: 0.4 }).refusal).toBe('rollout');
    expect(policyOf({ control: 1, consent: 'required' }).refusal).toBe('consent');
  });

  it('takes about the share it should, whatever the roll-out', () => {
    const random = seededRandom(4);
    const drawn = Array.from(
      { length: 4000 },
      () => policyOf({ random, rollout: 0.5, control: 0.2 }).refusal,
    );
    const part = drawn.filter((refusal) => refusal !== 'rollout');
    const share = part.filter((refusal) => refusal === 'control').length / part.length;
    expect(share).toBeGreaterThan(0.17);
    expect(share).toBeLessThan(0.23);
  });

  it('is nobody where the site wants none', () => {
    const memory = fakeMemory();
    expect(policyOf({ memory, random: () => 0 }).refusal).toBeUndefined();
    expect(memory.map.has('control-lot')).toBe(false);
  });
});

describe('a page that is off', () => {
  it('does nothing whatever was chosen', () => {
    const policy = policyOf({ off: true });
    policy.choose(true);
    expect(policy.visitorRefusal).toBe('off');
  });
});

describe("the site's signed policy", () => {
  it('refuses while it is unknown or switched off, on the site side only', () => {
    const gates = { consent: 'implied', rollout: 1, control: 0, off: false } as const;
    const policy = new Policy({ ...gates, memory: fakeMemory(), signals: {}, random: () => 0 });
    expect(policy.refusal).toBe('disabled');
    expect([policy.visitorRefusal, policy.known]).toEqual([undefined, undefined]);
    policy.heed({ enabled: true, rollout: 1 });
    expect([policy.refusal, policy.known]).toEqual([undefined, undefined]);
    policy.heed({ enabled: false, rollout: 1 });
    expect([policy.refusal, policy.known]).toEqual(['disabled', 'disabled']);
    policy.heed({});
    expect([policy.refusal, policy.known]).toEqual(['disabled', undefined]);
    expect(policy.visitorRefusal).toBeUndefined();
  });

  it('holds for the page as it was drawn, and is not written down again where it was erased', () => {
    const memory = fakeMemory();
    const gates = { consent: 'implied', rollout: 0.5, control: 0, off: false, signals: {} } as const;
    let lot = 0.4;
    const policy = new Policy({ ...gates, memory, random: () => lot });
    expect(policy.visitorRefusal).toBeUndefined();
    memory.map.clear();
    lot = 0.6;
    expect(policy.visitorRefusal).toBeUndefined();
    expect([...memory.map]).toEqual([]);
  });

  it('narrows the roll-out with the same lot', () => {
    const policy = policyOf({ rollout: 0.8, site: { enabled: true, rollout: 0.4 }, random: () => 0.5 });
    expect(policy.refusal).toBe('rollout');
    expect(policy.visitorRefusal).toBeUndefined();
    policy.heed({ enabled: true, rollout: 0.6 });
    expect(policy.refusal).toBeUndefined();
  });
});

describe('visitor memory', () => {
  /** As `localStorage`, whose own keys are what it holds. */
  function storageOf(entries: Map<string, string>, full = false): Storage {
    const storage = {
      getItem: (name: string) => entries.get(name) ?? null,
      setItem: (name: string, value: string) => {
        if (full) throw new DOMException('full', 'QuotaExceededError');
        entries.set(name, value);
      },
      removeItem: (name: string) => void entries.delete(name),
    } as Storage;
    return new Proxy(storage, {
      ownKeys: () => [...entries.keys()],
      getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
    });
  }

  it('lives in storage under our own prefix', () => {
    const entries = new Map<string, string>();
    visitorMemory(() => storageOf(entries)).set('consent', 'granted');
    expect([...entries]).toEqual([[`${MEMORY_PREFIX}consent`, 'granted']]);
    expect(visitorMemory(() => storageOf(entries)).get('consent')).toBe('granted');
  });

  it("forgets all of ours but what it is told to keep, and nothing of the site's", () => {
    const entries = new Map([['cart', '3 apples']]);
    const memory = visitorMemory(() => storageOf(entries));
    memory.set('consent', 'denied');
    memory.set('visit', 'x');
    memory.clear(['consent']);
    expect([...entries]).toEqual([
      ['cart', '3 apples'],
      [`${MEMORY_PREFIX}consent`, 'denied'],
    ]);
    expect(memory.get('visit')).toBeUndefined();
    memory.clear([]);
    expect([...entries.keys()]).toEqual(['cart']);
  });

  it('hears what another tab has written since', () => {
    const entries = new Map<string, string>();
    const memory = visitorMemory(() => storageOf(entries));
    memory.set('consent', 'granted');
    entries.set(`${MEMORY_PREFIX}consent`, 'denied');
    expect(memory.get('consent')).toBe('denied');
  });

  it('has forgotten what storage was emptied of', () => {
    const entries = new Map<string, string>();
    const memory = visitorMemory(() => storageOf(entries));
    memory.set('consent', 'granted');
    entries.clear();
    expect(memory.get('consent')).toBeUndefined();
  });

  it.each([
    [
      'forbidden',
      () => {
        throw new DOMException('no', 'SecurityError');
      },
    ],
    ['full', () => storageOf(new Map(), true)],
  ])('holds for the page when storage is %s', (_, storage: () => Storage) => {
    const memory = visitorMemory(storage);
    expect(memory.get('consent')).toBeUndefined();
    memory.set('consent', 'denied');
    expect(memory.get('consent')).toBe('denied');
    memory.clear([]);
    expect(memory.get('consent')).toBeUndefined();
  });

  it('does not fall back to what a full storage holds of before', () => {
    const entries = new Map([[`${MEMORY_PREFIX}consent`, 'granted']]);
    const memory = visitorMemory(() => storageOf(entries, true));
    expect(memory.get('consent')).toBe('granted');
    memory.set('consent', 'denied');
    expect(memory.get('consent')).toBe('denied');
  });

  it('reads storage again once it takes something', () => {
    const entries = new Map<string, string>();
    let isFull = true;
    const memory = visitorMemory(() => storageOf(entries, isFull));
    memory.set('consent', 'granted');
    isFull = false;
    memory.set('consent', 'granted');
    entries.set(`${MEMORY_PREFIX}consent`, 'denied');
    expect(memory.get('consent')).toBe('denied');
  });
});

describe('visit', () => {
  const minutes = (count: number) => FAKE_EPOCH + count * 60_000;
  const random = seededRandom(3);

  it('is the same while pages follow each other, however long in all', () => {
    const memory = fakeMemory();
    const first = currentVisit(memory, minutes(0), random);
    expect(first).toMatch(/^[0-9a-z]{4,40}$/);
    for (const at of [1, 20, 45, 74]) expect(currentVisit(memory, minutes(at), random)).toBe(first);
  });

  it('is another one after a gap, or when the clock went backwards', () => {
    const memory = fakeMemory();
    const first = currentVisit(memory, minutes(0), random);
    const second = currentVisit(memory, minutes(0) + VISIT_GAP, random);
    expect(second).not.toBe(first);
    expect(currentVisit(memory, minutes(0), random)).not.toBe(second);
  });

  it.each(['', 'x', '@', 'abcd@', 'abcd@NaN', `${'a'.repeat(60)}@1`, '<img>@1'])(
    'does not take over %s',
    (kept) => {
      const memory = fakeMemory({ visit: kept });
      const visit = currentVisit(memory, minutes(0), random);
      expect(visit).toMatch(/^[0-9a-z]{4,40}$/);
      expect(kept.startsWith(visit)).toBe(false);
    },
  );
});
