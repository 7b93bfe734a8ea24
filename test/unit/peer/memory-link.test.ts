import { FakeClock } from '../../support/fake-clock.js';
import { describeLink } from '../../support/link-conformance.js';
import { MemoryNetwork } from '../../support/memory-link.js';

describeLink('in memory', () => {
  const clock = new FakeClock();
  return {
    factory: new MemoryNetwork(clock).visitor({ latency: 5, bandwidth: 10_000_000 }),
    until: async (done) => {
      for (let i = 0; i < 1000 && !done(); i++) await clock.advance(5);
      if (!done()) throw new Error('did not happen within 5 s');
    },
  };
});
