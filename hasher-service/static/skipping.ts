/** Why a file is not signed, in words for the site's owner. */
const SENTENCES = {
  hidden: 'begins with a dot',
  excluded: 'is excluded',
  other: 'is no image, video or audio, and not included',
  page: 'is a page: pages are never shared',
  script: 'is a script: scripts are never shared',
  style: 'is a style sheet: style sheets are never shared',
  playlist: 'is a playlist: playlists are never shared, what they name is',
  compressed: 'is kept compressed, and sent as something else',
  empty: 'is empty',
  'too-large': 'is too large',
  'long-name': 'has too long a name',
  name: 'has a name that is not UTF-8',
  special: 'is neither a file nor a directory',
  'link-outside': 'is a link that leads out of the directory',
  'link-loop': 'is a link to a directory that it is in',
  'link-broken': 'is a link that leads nowhere',
  unreadable: 'cannot be read',
  gone: 'went away meanwhile',
  changing: 'changed while it was read, twice',
} as const;

export type SkipReason = keyof typeof SENTENCES;

/** What was meant to be signed, and could not be. */
const FAILURES: readonly SkipReason[] = ['unreadable', 'gone', 'changing', 'name', 'long-name', 'too-large'];

export interface Skipped {
  /** Path below the directory, with slashes. */
  readonly name: string;
  readonly why: SkipReason;
}

export function sentenceFor(why: SkipReason): string {
  return SENTENCES[why];
}

/** Whether the site's owner has to do something about it. */
export function isFailure({ why }: Skipped): boolean {
  return FAILURES.includes(why);
}
