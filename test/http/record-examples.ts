/**
 * Writes src/http/openapi/recorded.ts: the answers to the requests of examples.ts and problems.ts, from a service on
 * the sample corpus. To be run when the ranking or a message has changed on purpose:
 *   npm run build && node dist/test/http/record-examples.js && npm run format
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXAMPLE_KEY, EXAMPLES, type Examples } from '../../src/http/openapi/examples.js';
import { SHARED, type SharedCode } from '../../src/http/openapi/problems.js';
import { packageRoot } from '../../src/package-root.js';
import { sampleIndex } from '../support/corpus.js';
import type { Answered } from '../support/problems.js';
import { serveIndex } from '../support/service.js';
import { PROVOKERS, rebuilt, type SentRequest, send } from './documented-requests.js';

const REQUEST_ID = '5d045fb4-1c39-4b4d-8f8b-0a4fb0ab3d5e';
/** Shown of /metrics, which has some two hundred lines. */
const SHOWN_METRICS = /^(?:# \w+ )?nearpaper_(?:corpus_papers|embedding_queue_depth|query_cache_texts)\b/;

/** What differs from one recording to the next. */
const WHEN = '2026-01-02T03:04:05.678Z';

function shown({ headers, text }: Answered): unknown {
  if (String(headers['content-type']).includes('ndjson')) return text;
  if (!String(headers['content-type']).includes('json')) {
    return `${text
      .split('\n')
      .filter((line) => SHOWN_METRICS.test(line))
      .join('\n')}\n`;
  }
  const body: unknown = JSON.parse(text);
  if (typeof body === 'object' && body !== null && 'requestId' in body) body.requestId = REQUEST_ID;
  return JSON.parse(JSON.stringify(body).replaceAll(/"since":"[^"]+"/g, `"since":"${WHEN}"`));
}

const cleanUps: (() => Promise<void> | void)[] = [];
const t = { after: (work: () => Promise<void> | void) => void cleanUps.push(work) };
const recorded: Record<string, unknown> = {};
try {
  const index = await sampleIndex(t);
  const served = await serveIndex(t, index, { adminKey: EXAMPLE_KEY });
  const ask = async (request: SentRequest) => {
    const answer = shown(await send(served.url, request));
    // What is shown of one is not to depend on how far the one before has come.
    if (request.path.startsWith('/v1/admin/')) await rebuilt(served.url);
    return answer;
  };
  const operations: [string, Examples][] = Object.entries(EXAMPLES);
  for (const [id, { answered, refused }] of operations) {
    for (const [name, request] of Object.entries({ ...answered, ...refused })) {
      recorded[`${id}.${name}`] = await ask(request);
    }
  }
  for (const [code, request] of Object.entries(SHARED)) {
    const provoke = PROVOKERS[code as SharedCode];
    if ('path' in request) recorded[`shared.${code}`] = await ask(request);
    else if (provoke) recorded[`shared.${code}`] = shown(await provoke({ t, served, index }));
  }
} finally {
  for (const work of cleanUps.reverse()) await work();
}
const source = `/** What the service answers to the documented requests: written by test/http/record-examples.ts. */
export const RECORDED: Readonly<Record<string, unknown>> = ${JSON.stringify(recorded, null, 2)};
`;
await writeFile(join(packageRoot(), 'src', 'http', 'openapi', 'recorded.ts'), source);
