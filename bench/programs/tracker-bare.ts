import { createServer } from 'node:http';
import { WebSocketServer, type WebSocket } from 'ws';
import { ANSWER_LENGTH, ASKING, RELAYED_LENGTH, TARGET_LENGTH } from '../support/tracker-bare.js';

/**
 * `node tracker-bare.js <port>`: hands each signal of a message on to the socket whose number it begins with,
 * looks at nothing else, and answers questions with a constant text.
 */
const answer = 'p'.padEnd(ANSWER_LENGTH, 'x');
const sockets = new Map<number, WebSocket>();
const http = createServer((_, response) => response.end());
const server = new WebSocketServer({ server: http, perMessageDeflate: false });
server.on('connection', (socket, request) => {
  const number = Number(request.url?.split('=')[1]);
  sockets.set(number, socket);
  socket.on('message', (data) => {
    const bytes = data as Buffer;
    if (targetOf(bytes) === ASKING) socket.send(answer);
    else
      for (let at = 0; at < bytes.length; at += RELAYED_LENGTH)
        relay(bytes.subarray(at, at + RELAYED_LENGTH));
  });
  socket.on('close', () => sockets.delete(number));
  socket.on('error', () => undefined);
});
function relay(bytes: Buffer): void {
  sockets.get(targetOf(bytes))?.send(bytes, { binary: false });
}

function targetOf(bytes: Buffer): number {
  return Number(bytes.toString('latin1', 0, TARGET_LENGTH));
}

http.listen(Number(process.argv[2]), '127.0.0.1');
