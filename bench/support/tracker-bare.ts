/** What the bare relay and its visitors agree on. */

/** Decimal digits in front of each signal: whom it is for. */
export const TARGET_LENGTH = 8;
/** In the place of a target: the message is a question to the relay itself. */
export const ASKING = 99_999_999;
/** Characters of an answer: as long as six introductions of ours. */
export const ANSWER_LENGTH = 4_000;
/** Characters of one signal of a message: between what ours gets (1,150) and what it passes on (1,650). */
export const RELAYED_LENGTH = 1_400;
/** Characters of a question. */
export const QUESTION_LENGTH = 100;
