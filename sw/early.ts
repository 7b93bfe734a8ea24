import type { WorkerMessage } from '../src/protocol/bridge.js';

/** Reports kept for a page that has no engine yet: one gallery's worth. */
const MAX_EARLY = 200;
/** Characters of playlists among them: those of two players. */
const MAX_EARLY_TEXT = 2 ** 21;

/** What waits for the engine of a page, with one message more: of each playlist, the latest text. */
export function withEarly(
  before: readonly WorkerMessage[],
  message: WorkerMessage,
): readonly WorkerMessage[] {
  if (message.t !== 'playlist') return [...before, message].slice(-MAX_EARLY);
  const others = before.filter((other) => other.t !== 'playlist' || other.asked !== message.asked);
  let text = message.text.length;
  for (const other of others) if (other.t === 'playlist') text += other.text.length;
  return text > MAX_EARLY_TEXT ? others : [...others, message].slice(-MAX_EARLY);
}
