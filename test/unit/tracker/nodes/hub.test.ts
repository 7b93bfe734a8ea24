import { describeNodes } from '../../../support/nodes-conformance.js';
import { HubOthers, NodeHub } from '../../../support/node-hub.js';

describeNodes('one process', () => {
  const hub = new NodeHub();
  return Promise.resolve({
    make: (node, clock, settings) => new HubOthers({ hub, node, clock, ...settings }),
    settled: () => Promise.resolve(),
    down: () => {
      hub.isDown = true;
      return Promise.resolve();
    },
    up: () => {
      hub.flush();
      hub.isDown = false;
      return Promise.resolve();
    },
    flush: () => {
      hub.flush();
      return Promise.resolve();
    },
  });
});
