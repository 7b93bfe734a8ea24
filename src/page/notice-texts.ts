import type { UploadChoiceTexts } from './upload-choice.js';

/** What the notice says. Each can be replaced by an attribute of the same name on `<peerfold-notice>`. */
export interface NoticeTexts extends UploadChoiceTexts {
  /** Name of the notice for assistive technology. */
  readonly label: string;
  /** What the visitor is asked; the element's own contents take its place. */
  readonly text: string;
  /** Of the link to the site's privacy text. */
  readonly privacy: string;
  readonly accept: string;
  readonly decline: string;
}

const ENGLISH: NoticeTexts = {
  label: 'Help from other visitors',
  text: 'Visitors of this site can bring each other its pictures and films, so that these load faster. If you agree, your browser gets parts of them from other visitors and passes some on. Those visitors can see your IP address.',
  privacy: 'Privacy',
  accept: 'Agree',
  decline: 'Decline',
  limit: 'Give others at most',
  nothing: 'nothing',
  unlimited: 'what the site allows',
};

const GERMAN: NoticeTexts = {
  label: 'Hilfe von anderen Besuchern',
  text: 'Besucher dieser Website können einander Bilder und Filme bringen, damit diese schneller laden. Wenn Sie zustimmen, holt Ihr Browser Teile davon bei anderen Besuchern und gibt welche weiter. Diese Besucher können Ihre IP-Adresse sehen.',
  privacy: 'Datenschutz',
  accept: 'Zustimmen',
  decline: 'Ablehnen',
  limit: 'Höchstens weitergeben',
  nothing: 'nichts',
  unlimited: 'was die Website erlaubt',
};

const FRENCH: NoticeTexts = {
  label: 'L’aide des autres visiteurs',
  text: 'Les visiteurs de ce site peuvent se transmettre ses images et ses films, pour qu’ils se chargent plus vite. Si vous acceptez, votre navigateur en reçoit des parties d’autres visiteurs et en transmet à son tour. Ces visiteurs peuvent voir votre adresse IP.',
  privacy: 'Confidentialité',
  accept: 'Accepter',
  decline: 'Refuser',
  limit: 'Transmettre au plus',
  nothing: 'rien',
  unlimited: 'ce que le site permet',
};

const SPANISH: NoticeTexts = {
  label: 'Ayuda de otros visitantes',
  text: 'Los visitantes de este sitio pueden pasarse sus imágenes y películas, para que carguen más rápido. Si acepta, su navegador recibe partes de otros visitantes y pasa algunas a otros. Esos visitantes pueden ver su dirección IP.',
  privacy: 'Privacidad',
  accept: 'Aceptar',
  decline: 'Rechazar',
  limit: 'Pasar como máximo',
  nothing: 'nada',
  unlimited: 'lo que permita el sitio',
};

const LANGUAGES: Readonly<Record<string, NoticeTexts>> = {
  en: ENGLISH,
  de: GERMAN,
  fr: FRENCH,
  es: SPANISH,
};

export interface Wording {
  /** Language of `texts`, as a BCP 47 tag. */
  readonly language: string;
  readonly texts: NoticeTexts;
}

/**
 * The notice in a page's language where it ships, otherwise in English; `own` replaces single texts. Words of the
 * site's own (`isTranslated`, or a text among them) are taken to be in the page's language.
 */
export function wordingFor(pageLanguage: string, own: Partial<NoticeTexts>, isTranslated = false): Wording {
  const [primary = ''] = pageLanguage.toLowerCase().split('-');
  const ships = Object.hasOwn(LANGUAGES, primary);
  const language = ships || isTranslated || own.text !== undefined ? pageLanguage : 'en';
  return { language, texts: { ...(LANGUAGES[ships ? primary : 'en'] ?? ENGLISH), ...own } };
}

/** The texts that `element` has as attributes. */
export function ownTexts(element: Element): Partial<NoticeTexts> {
  const names = Object.keys(ENGLISH).filter((name) => element.hasAttribute(name));
  return Object.fromEntries(names.map((name) => [name, element.getAttribute(name) ?? '']));
}
