/** The service over parts of a test's own making, where one of them must be watched or defective. */
import assert from 'node:assert/strict';
import type { CorpusWriter } from '../../src/changes/corpus-writer.js';
import { type Config, readConfig } from '../../src/config.js';
import { aboutCorpus } from '../../src/generations/about.js';
import { Live } from '../../src/generations/live.js';
import { createApp } from '../../src/http/app.js';
import { createListener, listen } from '../../src/http/listener.js';
import { Metrics } from '../../src/http/metrics.js';
import type { ServedCorpus } from '../../src/http/service.js';
import { corpusOf, openCorpus } from '../../src/open-corpus.js';
import { keepingLogger, type LogLine } from './service.js';
import type { CleanUp } from './temporary-folder.js';

/** What a service answers from, with one embedding worker; closed when the file ends, not by the service. */
export async function openServed(t: CleanUp, indexFolder: string): Promise<ServedCorpus> {
  const config = readConfig({ NEARPAPER_INDEX: indexFolder, NEARPAPER_WORKERS: '1' });
  const { overlay, embedder } = await openCorpus(config);
  t.after(async () => {
    await overlay.close();
    await embedder.close();
  });
  return {
    ...corpusOf(overlay),
    embedder,
    about: aboutCorpus(overlay, overlay.view()),
    observe: () => undefined,
    queryCache: null,
    close: async () => {},
  };
}

/** Serves it on a free port until the test ends. */
export async function serveParts(
  t: CleanUp,
  corpus: ServedCorpus,
  settings: Config = readConfig({}),
  writer: CorpusWriter | null = null,
): Promise<{ url: string; port: number; log: LogLine[] }> {
  const { logger, log } = keepingLogger();
  const live = new Live(corpus, (thrown) => assert.fail(String(thrown)));
  const metrics = new Metrics();
  const server = createListener(
    createApp({
      logger,
      version: '0',
      metrics,
      settings,
      state: { kind: 'ready', live },
      writer,
      reload: null,
    }),
  );
  const port = await listen(server, 0, '127.0.0.1');
  t.after(() => {
    metrics.close();
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${port}`, port, log };
}
