import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { freePorts } from '../../../bench/support/ports.js';

it('gives different ports that can be listened on', async () => {
  const ports = await freePorts(3);
  expect(new Set(ports).size).toBe(3);
  for (const port of ports) {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    await new Promise((resolve) => server.close(resolve));
  }
});

it('gives none when none are wanted', async () => {
  expect(await freePorts(0)).toEqual([]);
});
