import { Crowd, type CrowdOptions } from '../support/tracker-crowd.js';
import { comeBack, hold, seek } from '../support/tracker-holders.js';
import type { Command } from '../support/tracker-load.js';

/** `node tracker-crowd.js '<CrowdOptions>'`, as a child: does what its parent says, one command at a time. */
const crowd = new Crowd(JSON.parse(process.argv[2] ?? '') as CrowdOptions);

async function done(command: Command): Promise<unknown> {
  switch (command.name) {
    case 'arrive': {
      const arrival = await crowd.arrive(command.atOnce);
      await crowd.enter();
      return arrival;
    }
    case 'converse':
      return crowd.converse(command.pace);
    case 'hold':
      return hold(crowd, command.layout);
    case 'want':
      return crowd.want(command.pace, command.layout);
    case 'comeBack':
      return comeBack(crowd, command.layout);
    case 'seek':
      return seek(crowd);
    case 'lost':
      return crowd.lost;
  }
}

process.on('message', (command: Command) => {
  done(command).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
