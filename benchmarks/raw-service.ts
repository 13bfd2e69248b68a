/**
 * The least that a server in Node can do: node:http, and answers that were made before. Started as a process of its own
 * with a file of [path, raw headers, body] for each answer.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Flat: name, value, name, value. */
type Prepared = [path: string, headers: string[], body: string];

const prepared: Prepared[] = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const answers = new Map(prepared.map(([path, headers, body]) => [path, { headers, body }]));

const server = createServer((request, response) => {
  const answer = answers.get(request.url ?? '');
  if (answer === undefined) {
    response.writeHead(404, { 'Content-Length': 0 }).end();
    return;
  }
  response.writeHead(200, answer.headers);
  response.end(answer.body);
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo; // as it listens on TCP
  process.stdout.write(`ready on http://127.0.0.1:${port}\n`);
});
process.once('SIGTERM', () => process.exit(0));
