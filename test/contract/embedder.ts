/** What every Embedder must do, whatever runs behind it. Run with real models only. */
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it, type TestContext } from 'node:test';
import type { Embedded, Embedder } from '../../src/embedding/embedder.js';
import { type ErrorCode, NearpaperError } from '../../src/errors.js';

export interface EmbedderUnderTest {
  name: string;
  dimensions: number;
  /** Words of plain English that surely fill the window. */
  wordsBeyondWindow: number;
  /** Whether a short query gets another vector than the same text as a document. */
  queriesDiffer: boolean;
  create(options: { workers: number; maxQueued: number }): Promise<Embedder>;
}

const ODD_TEXTS: Readonly<Record<string, string>> = {
  empty: '',
  'white space': ' \t\n\u00a0\u3000 ',
  emoji: '👩🏽‍🔬🧬 → 💊✅',
  'right to left': 'التعلم العميق للرؤية الحاسوبية — למידה עמוקה',
  'CJK without spaces': '用于机器翻译的大规模预训练语言模型'.repeat(40),
  'punctuation only': '?!.,;:—…()[]{}'.repeat(30),
  '20,000 characters without a space': 'a'.repeat(20_000),
  '20,000 characters of words': 'graph neural network '.repeat(1000).slice(0, 20_000),
  '5,000 emoji, cut between two': `x${'🧪'.repeat(5000)}`,
  'half a surrogate pair': 'broken \ud83d text \ude00',
  'control characters': 'a\u0000b\u0007c\ufffd\ufeff',
  'special tokens spelled out': '[CLS] [SEP] [PAD] [MASK] </s>',
  LaTeX: '$\\mathcal{O}(n \\log n)$ \\cite{vaswani2017} {\\"o}',
};

export function embedderContract(subject: EmbedderUnderTest): void {
  describe(`Embedder: ${subject.name}`, () => {
    vectorContract(subject);
    samenessContract(subject);
    cancellationContract(subject);
    queueContract(subject);
    closeContract(subject);
  });
}

function vectorContract(subject: EmbedderUnderTest): void {
  it('gives unit vectors of its dimensions, for odd texts too', async (t) => {
    const embedder = await open(t, subject);
    assert.equal(embedder.dimensions, subject.dimensions);
    assert.match(embedder.fingerprint, /^[0-9a-f]{16}$/);
    assert.equal(embedder.failure, null);
    const documents = await embedder.embedDocuments(Object.values(ODD_TEXTS));
    for (const [i, [what, text]] of Object.entries(ODD_TEXTS).entries()) {
      assertUnit(documents[i], subject.dimensions, what);
      assertUnit(await embedder.embedQuery(text), subject.dimensions, what);
    }
  });

  it('keeps the order of the texts, and answers none with none', async (t) => {
    const embedder = await open(t, subject, { workers: 2 });
    const texts = ['long '.repeat(150), 'b', 'transformers '.repeat(90), 'd', 'e'];
    const together = await embedder.embedDocuments(texts);
    const alone: Embedded[] = [];
    for (const text of texts) alone.push(...(await embedder.embedDocuments([text])));
    assert.deepEqual(together, alone);
    assert.deepEqual(await embedder.embedDocuments([]), []);
  });

  it('puts related sentences nearer than unrelated ones', async (t) => {
    const embedder = await open(t, subject);
    const [query, near, far] = await embedder.embedDocuments([
      'Convolutional neural networks for image classification',
      'Deep learning that recognises objects in photographs',
      'Grain prices in medieval England, 1250 to 1350',
    ]);
    assert.ok(dot(query, near) > dot(query, far) + 0.1, `${dot(query, near)} against ${dot(query, far)}`);
  });

  it('says when a text was longer than the window, and reads only its beginning', async (t) => {
    const embedder = await open(t, subject);
    const beginning = 'paper '.repeat(subject.wordsBeyondWindow);
    const [short, one, other, endless] = await embedder.embedDocuments([
      'a short text',
      `${beginning} about astronomy`,
      `${beginning} about cooking`,
      `${beginning} and so on`.repeat(50),
    ]);
    assert.deepEqual(
      [short, one, other, endless].map((embedded) => embedded?.truncated),
      [false, true, true, true],
    );
    assert.deepEqual(one?.vector, other?.vector);
    assert.notDeepEqual(one?.vector, short?.vector);
  });

  it(`gives a short query ${subject.queriesDiffer ? 'another' : 'the same'} vector as a document`, async (t) => {
    const embedder = await open(t, subject);
    const [document] = await embedder.embedDocuments(['retrieval of scientific papers']);
    const query = await embedder.embedQuery('retrieval of scientific papers');
    if (subject.queriesDiffer) assert.notDeepEqual(query, document);
    else assert.deepEqual(query, document);
    // White space around a text never matters.
    assert.deepEqual(await embedder.embedQuery('\n  retrieval of scientific papers '), query);
  });
}

function samenessContract(subject: EmbedderUnderTest): void {
  it('gives byte-identical vectors in another run, on any worker, and whatever else is in flight', async (t) => {
    const texts = Array.from({ length: 12 }, (_, i) => `${'on the theory of '.repeat(i * 3)}sets ${i}`);
    const first = await open(t, subject, { workers: 1 });
    const quiet: Embedded[] = [];
    for (const text of texts) quiet.push(...(await first.embedDocuments([text])));
    const second = await open(t, subject, { workers: 2 });
    assert.equal(second.fingerprint, first.fingerprint);
    const [busy, again] = await Promise.all([
      second.embedDocuments(texts),
      second.embedDocuments(texts.toReversed()),
      ...texts.map((text) => second.embedQuery(text)),
    ]);
    assert.deepEqual(busy, quiet);
    assert.deepEqual(again.toReversed(), quiet);
  });
}

function cancellationContract(subject: EmbedderUnderTest): void {
  it('refuses a signal that aborted before', async (t) => {
    const embedder = await open(t, subject);
    await rejectsWith(embedder.embedQuery('too late', AbortSignal.abort()), 'cancelled');
    await rejectsWith(embedder.embedDocuments(['too late'], AbortSignal.abort()), 'cancelled');
    assert.equal(embedder.queueDepth, 0);
  });

  it('drops what waits, discards what runs, and goes on with the rest', async (t) => {
    const embedder = await open(t, subject, { workers: 1 });
    // White space makes it another text for whoever remembers texts, and the same for the model.
    const expected = await embedder.embedQuery(' still wanted ');
    const aborting = new AbortController();
    const running = embedder.embedDocuments(['running', 'waiting', 'waiting too'], aborting.signal);
    const waiting = embedder.embedQuery('no longer wanted', aborting.signal);
    const wanted = embedder.embedQuery('still wanted');
    assert.equal(embedder.queueDepth, 5);
    aborting.abort();
    assert.equal(embedder.queueDepth, 2);
    await Promise.all([rejectsWith(running, 'cancelled'), rejectsWith(waiting, 'cancelled')]);
    assert.deepEqual(await wanted, expected);
    assert.equal(embedder.queueDepth, 0);
  });

  it('leaves no listener on a signal that lives on', async (t) => {
    const embedder = await open(t, subject);
    const { signal } = new AbortController();
    await embedder.embedQuery('one', signal);
    await embedder.embedDocuments(['two', 'three'], signal);
    await embedder.embedDocuments([], signal);
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });
}

function queueContract(subject: EmbedderUnderTest): void {
  it('lets queries pass documents: a query waits for the one document that runs', async (t) => {
    const embedder = await open(t, subject, { workers: 1 });
    const order: string[] = [];
    await Promise.all([
      ...[0, 1, 2].map(async (i) => {
        await embedder.embedDocuments([`document ${i}`]);
        order.push(`document ${i}`);
      }),
      embedder.embedDocuments(['large batch', 'large batch']).then(() => order.push('batch')),
      ...[0, 1].map(async (i) => {
        await embedder.embedQuery(`query ${i}`);
        order.push(`query ${i}`);
      }),
    ]);
    assert.deepEqual(order, ['document 0', 'query 0', 'query 1', 'document 1', 'document 2', 'batch']);
  });

  it('does not hold up a small batch behind a large one', async (t) => {
    const embedder = await open(t, subject, { workers: 1 });
    const order: string[] = [];
    await Promise.all([
      embedder.embedDocuments(Array.from({ length: 10 }, () => 'large')).then(() => order.push('large')),
      embedder.embedDocuments(['small', 'small']).then(() => order.push('small')),
    ]);
    assert.deepEqual(order, ['small', 'large']);
  });

  it('refuses at once the query that finds the queue full', async (t) => {
    const embedder = await open(t, subject, { workers: 1, maxQueued: 2 });
    const order: string[] = [];
    const accepted = ['running', 'waiting', 'waiting too'].map(async (text) => {
      await embedder.embedQuery(text);
      order.push('accepted');
    });
    const refused = rejectsWith(embedder.embedQuery('one too many'), 'overloaded').then((error) => {
      order.push('refused');
      assert.equal(error.details.retryAfter, 1);
    });
    await Promise.all([...accepted, refused]);
    assert.deepEqual(order, ['refused', 'accepted', 'accepted', 'accepted']);
    await embedder.embedQuery('and there is room again');
  });
}

function closeContract(subject: EmbedderUnderTest): void {
  it('when closed, finishes what runs, fails what waits and refuses the rest', async (t) => {
    const embedder = await open(t, subject, { workers: 1 });
    const expected = await embedder.embedQuery(' running ');
    const running = embedder.embedQuery('running');
    const waiting = embedder.embedQuery('waiting');
    const documents = embedder.embedDocuments(['waiting']);
    const closed = embedder.close();
    await Promise.all([rejectsWith(waiting, 'not_ready'), rejectsWith(documents, 'not_ready')]);
    assert.deepEqual(await running, expected);
    await closed;
    await rejectsWith(embedder.embedQuery('too late'), 'not_ready');
    await rejectsWith(embedder.embedDocuments(['too late']), 'not_ready');
    assert.equal(embedder.queueDepth, 0);
    assert.equal(embedder.failure, null, 'to be closed is no failure');
    await embedder.close();
  });
}

async function open(
  t: TestContext,
  subject: EmbedderUnderTest,
  options: { workers?: number; maxQueued?: number } = {},
): Promise<Embedder> {
  const embedder = await subject.create({ workers: 1, maxQueued: 64, ...options });
  t.after(() => embedder.close());
  return embedder;
}

async function rejectsWith(promise: Promise<unknown>, code: ErrorCode): Promise<NearpaperError> {
  const outcome = await promise.then(
    () => 'nothing',
    (thrown: unknown) => thrown,
  );
  assert.ok(outcome instanceof NearpaperError, `expected ${code}, got ${outcome}`);
  assert.equal(outcome.code, code);
  return outcome;
}

function assertUnit(embedded: Embedded | undefined, dimensions: number, what: string): void {
  assert.ok(embedded !== undefined, what);
  assert.equal(embedded.vector.length, dimensions, what);
  const length = Math.sqrt(dot(embedded, embedded));
  assert.ok(Math.abs(length - 1) < 1e-6, `${what}: length ${length}`);
}

function dot(a: Embedded | undefined, b: Embedded | undefined): number {
  let sum = 0;
  for (const [i, value] of a?.vector.entries() ?? []) sum += value * (b?.vector[i] ?? Number.NaN);
  return sum;
}
