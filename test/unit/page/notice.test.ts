// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startNotice } from '../../../src/page/notice.js';
import { NOTICE_TAG, type NoticeHost } from '../../../src/page/notice-element.js';
import { ownTexts, wordingFor } from '../../../src/page/notice-texts.js';
import { putAt } from '../../support/dom.js';

let chosen: boolean[];
let close = (): void => undefined;

beforeEach(() => {
  chosen = [];
});
afterEach(() => {
  close();
  document.body.replaceChildren();
  document.querySelector(NOTICE_TAG)?.remove();
});

function show(host: Partial<NoticeHost> = {}): ShadowRoot {
  close = startNotice({ choose: (granted) => chosen.push(granted), language: 'en-GB', ...host });
  const root = document.querySelector(NOTICE_TAG)?.shadowRoot;
  if (!root) throw new Error('no notice');
  return root;
}

function element(root: ShadowRoot, selector: string): HTMLElement {
  const found = root.querySelector(selector);
  if (!(found instanceof HTMLElement)) throw new Error(`no ${selector}`);
  return found;
}

const isShown = (): boolean => document.querySelector<HTMLElement>(NOTICE_TAG)?.hidden === false;
const press = (target: HTMLElement, key: string): boolean =>
  target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, composed: true }));
const framed = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve));

describe('the notice', () => {
  it('asks in a named region outside of the body, before it, and takes no focus', () => {
    const field = document.body.appendChild(document.createElement('input'));
    field.focus();
    const root = show();
    expect(document.querySelector(NOTICE_TAG)?.nextElementSibling).toBe(document.body);
    const box = element(root, 'section');
    expect(box.getAttribute('aria-label')).toBe('Help from other visitors');
    expect(box.lang).toBe('en-GB');
    expect(document.activeElement).toBe(field);
    expect(root.querySelector('[aria-modal], [aria-pressed], a, select')).toBeNull();
  });

  it.each([
    ['accept', true],
    ['decline', false],
  ])('is gone once the visitor has chosen to %s', (part, granted) => {
    const root = show();
    element(root, `[part~=${part}]`).click();
    expect(chosen).toEqual([granted]);
    expect(isShown()).toBe(false);
  });

  it('gives both choices the same looks', () => {
    const parts = [...show().querySelectorAll('button')].map((button) => button.getAttribute('part'));
    expect(parts).toEqual(['button decline', 'button accept']);
  });

  it('takes nothing but its buttons for a choice', () => {
    const root = show();
    press(element(root, '[part~=accept]'), 'Escape');
    expect([isShown(), chosen]).toEqual([true, []]);
    close();
    close();
    expect([isShown(), chosen]).toEqual([false, []]);
  });

  it('links to the privacy text', () => {
    expect(element(show({ policyUrl: '/privacy' }), 'a').getAttribute('href')).toBe('/privacy');
  });

  it('shows what was chosen before, has the focus then, and gives it back', () => {
    const field = document.body.appendChild(document.createElement('input'));
    field.focus();
    const root = show({ chosen: false });
    const pressed = (part: string) => element(root, `[part~=${part}]`).getAttribute('aria-pressed');
    expect([pressed('accept'), pressed('decline')]).toEqual(['false', 'true']);
    expect(root.activeElement).toBe(element(root, 'section'));
    press(element(root, 'section'), 'Escape');
    expect([isShown(), chosen]).toEqual([false, []]);
    expect(document.activeElement).toBe(field);
  });

  it('lets the visitor limit what they give', () => {
    const set: (number | undefined)[] = [];
    const root = show({ limits: { get: () => undefined, set: (cap) => set.push(cap) } });
    const select = root.querySelector('select');
    if (!select) throw new Error('no choice');
    expect(select.closest('label')?.textContent).toContain('Give others at most');
    expect([...select.options].map(({ text }) => text)).toEqual([
      ...['nothing', '256 kB/s', '1 MB/s', 'what the site allows'],
    ]);
    expect(select.selectedIndex).toBe(3);
    select.selectedIndex = 0;
    select.dispatchEvent(new Event('change'));
    expect(set).toEqual([0]);
    expect(isShown()).toBe(true);
  });

  it('shown again takes the place of itself', () => {
    const first = show();
    const second = show({ chosen: true });
    expect(second).toBe(first);
    expect(document.querySelectorAll(NOTICE_TAG)).toHaveLength(1);
    expect(second.querySelectorAll('section')).toHaveLength(1);
  });

  it('moves to the other edge when it would cover what has the focus, if that is free', async () => {
    const [low, tall, elsewhere] = ['a', 'a', 'a'].map((tag) => {
      const link = document.createElement(tag);
      link.tabIndex = 0;
      document.body.append(link);
      return link;
    });
    if (!low || !tall || !elsewhere) throw new Error('no links');
    const box = element(show(), 'section');
    box.getBoundingClientRect = () => new DOMRect(0, box.classList.contains('up') ? 0 : 500, 400, 200);
    putAt(low, 600);
    putAt(tall, 0, 1000);
    putAt(elsewhere, 300);
    const isUpFor = async (link: HTMLElement): Promise<boolean> => {
      link.focus();
      await framed();
      return box.classList.contains('up');
    };
    expect(await isUpFor(elsewhere)).toBe(false);
    expect(await isUpFor(low)).toBe(true);
    expect(await isUpFor(tall)).toBe(true);
    expect(await isUpFor(low)).toBe(true);
    putAt(low, 50);
    document.dispatchEvent(new Event('scroll'));
    await framed();
    expect(box.classList.contains('up')).toBe(false);
  });
});

describe('the notice of a page that has its own element', () => {
  function own(html: string): HTMLElement {
    document.body.innerHTML = html;
    const found = document.querySelector(NOTICE_TAG);
    if (!(found instanceof HTMLElement)) throw new Error('no element');
    return found;
  }

  it('is that element, with its attributes', () => {
    const mine = own(
      '<peerfold-notice hidden policy="/p" accept="Ja graag" label="Hulp" text="Mag het?" lang="nl">\n</peerfold-notice>',
    );
    const root = show({ policyUrl: '/other', language: 'en' });
    expect(mine.shadowRoot).toBe(root);
    expect(root.querySelector('slot'), 'white space says nothing').toBeNull();
    expect(element(root, 'section').getAttribute('aria-label')).toBe('Hulp');
    expect(element(root, 'section').lang).toBe('nl');
    expect(element(root, '[part~=accept]').textContent).toBe('Ja graag');
    expect(element(root, '[part~=decline]').textContent).toBe('Decline');
    expect(element(root, '[part=text]').textContent).toContain('Mag het?');
    expect(element(root, 'a').getAttribute('href')).toBe('/p');
  });

  it('says what the element contains', () => {
    own('<peerfold-notice><b>Our own</b> words</peerfold-notice>');
    const root = show({ language: 'pl' });
    expect(root.querySelector('slot')).not.toBeNull();
    expect(element(root, 'section').lang).toBe('pl');
  });

  it('ends with the element', () => {
    const mine = own('<peerfold-notice></peerfold-notice>');
    const root = show();
    mine.remove();
    expect(root.querySelector('section')).toBeNull();
  });
});

describe('languages', () => {
  it.each([
    ['de-AT', 'de-AT', 'Zustimmen'],
    ['FR', 'FR', 'Accepter'],
    ['es', 'es', 'Aceptar'],
    ['', 'en', 'Agree'],
    ['constructor', 'en', 'Agree'],
    ['pl', 'en', 'Agree'],
  ])('a page in "%s" is asked in %s', (page, language, accept) => {
    const wording = wordingFor(page, {});
    expect([wording.language, wording.texts.accept]).toEqual([language, accept]);
  });

  it('takes single words of the site in place of ours', () => {
    const site = document.createElement('div');
    site.setAttribute('decline', 'No thanks');
    site.setAttribute('onclick', 'x');
    expect(ownTexts(site)).toEqual({ decline: 'No thanks' });
    expect(wordingFor('de', ownTexts(site)).texts).toMatchObject({
      accept: 'Zustimmen',
      decline: 'No thanks',
    });
  });
});
