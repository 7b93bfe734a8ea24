/**
 * What an adopter writes, against the types that are shipped; compiled after each build, with everything strict and
 * nothing skipped. What must not compile says so by `@ts-expect-error`.
 */
import { start, type PeerfoldEvents, type TransferReport } from 'peerfold';

const peerfold = start({ consent: 'required', engineUrl: '/peerfold-engine.js' });

peerfold.addEventListener('transfer', (event) => {
  const { url, bytes }: TransferReport = event.detail;
  show(url, bytes.peer);
  // @ts-expect-error -- a report has no such field
  show(url, event.detail.size);
});
peerfold.addEventListener('peer', ({ detail }) => show(detail.state, detail.links), { once: true });
peerfold.addEventListener('playback', ({ detail }) => show(detail.state, detail.stalls));
peerfold.addEventListener('error', ({ detail }) => show(detail.code, detail.message.length));
// Other names are those of any EventTarget.
peerfold.addEventListener('transfers', (event: Event) => show(event.type, 0));
// @ts-expect-error -- a plain event has no detail
peerfold.addEventListener('transfers', (event) => show(event.detail, 0));

const listener = (event: PeerfoldEvents['peer']): void => show(event.detail.state, event.detail.peer);
peerfold.addEventListener('peer', listener);
peerfold.removeEventListener('peer', listener);
// @ts-expect-error -- the listener is one for other events
peerfold.addEventListener('transfer', listener);

window.peerfold?.stop({ forget: true });
// @ts-expect-error -- the tag does nothing in frames
window.peerfold.stop();

function show(what: string, number: number): void {
  document.title = `${what} ${String(number)}`;
}
