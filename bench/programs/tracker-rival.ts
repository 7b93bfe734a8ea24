import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** `node tracker-rival.js <port> <folder of bittorrent-tracker>`: its WebSocket tracker, and nothing else of it. */
const [port, folder = ''] = process.argv.slice(2);
const { default: Server } = (await import(pathToFileURL(path.join(folder, 'server.js')).href)) as {
  default: new (options: object) => { listen(port: number, host: string): void };
};
new Server({ http: false, udp: false, ws: true, stats: true }).listen(Number(port), '127.0.0.1');
