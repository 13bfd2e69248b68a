/** More requests at once than may wait: who is answered, who is refused, and that the service gets over it. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { indexOf } from '../support/corpus.js';
import { openSocket, write } from '../support/raw-http.js';
import { serveIndex } from '../support/service.js';
import { afterFile } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const file = afterFile();
let index: string;
before(async () => {
  index = await indexOf(file);
});

const PAPER = '/v1/papers/2401.00001';

/** Asks for all of these at once, so that they are read in one turn of the event loop; the answers, in order. */
async function askAtOnce(port: number, paths: readonly string[]): Promise<string[]> {
  const socket = await openSocket(port);
  let text = '';
  socket.on('data', (piece) => {
    text += piece;
  });
  await write(socket, paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''));
  const answers = () => text.split(/(?=HTTP\/1\.1 \d{3} )/).filter((answer) => answer !== '');
  await until('an answer to each', () => answers().length === paths.length && text.endsWith('}'));
  socket.destroy();
  return answers();
}

const statuses = (answers: readonly string[]) => answers.map((answer) => Number(answer.slice(9, 12)));
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe('requests that come all at once', () => {
  it('wait for each other, as many as the line holds, and are all answered', async (t) => {
    const { port } = await serveIndex(t, index);
    assert.deepEqual(statuses(await askAtOnce(port, times(65, PAPER))), times(65, 200));
  });

  it('are refused beyond that, with Retry-After; probes never are', async (t) => {
    const { port } = await serveIndex(t, index);
    const answers = await askAtOnce(port, [...times(80, PAPER), '/livez', '/readyz']);
    assert.deepEqual(statuses(answers), [...times(65, 200), ...times(15, 503), 200, 200]);
    for (const answer of answers.slice(65, 80)) {
      assert.match(answer, /^Retry-After: 1\r$/m);
      assert.match(answer, /"code":"overloaded"/);
      assert.match(answer, /"requestId":"[\w-]{36}"/);
    }
  });

  it('leave the service able to answer the next one', async (t) => {
    const { port, http } = await serveIndex(t, index);
    await askAtOnce(port, times(80, PAPER));
    await http.get(PAPER).expect(200);
  });
});

describe('callers who each wait for their answer', () => {
  it('are never refused, 16 of them', async (t) => {
    const { http } = await serveIndex(t, index);
    const lane = async () => {
      for (let i = 0; i < 20; i++) await http.get(`${PAPER}/similar`).expect(200);
    };
    await Promise.all(Array.from({ length: 16 }, lane));
  });
});

describe('callers who leave while they wait', () => {
  it('hold up nobody', async (t) => {
    const { port, http } = await serveIndex(t, index);
    const path = `${PAPER}/similar`;
    // More than may be under way at once.
    for (let i = 0; i < 8; i++) {
      const socket = await openSocket(port);
      await write(socket, times(40, `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''));
      socket.destroy();
    }
    await until('an answer', async () => (await http.get(path)).status === 200);
  });
});
