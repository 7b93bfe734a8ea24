import { createTracker, trackerConfig } from '../../tracker-service/index.js';
import { configured } from './command.js';
import { serve } from './serve.js';

const PREFIX = 'PEERFOLD_TRACKER';

export const tracker = configured({
  name: 'peerfold tracker',
  summary: 'Introduces visitors who hold the same content to each other and relays their sealed signals.',
  schema: trackerConfig,
  naming: { prefix: PREFIX },
  async act(config, io) {
    const service = await createTracker(config);
    const label = {
      name: 'tracker',
      portFrom: `--port or ${PREFIX}_PORT`,
      operationsFrom: `--operations-port or ${PREFIX}_OPERATIONS_PORT`,
    };
    return serve(service, config, label, io);
  },
});
