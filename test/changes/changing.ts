/** A corpus that changes, without HTTP: the real model, store, indexes and journal. */
import { LiveCorpus, type LiveOptions, takeWriteAccess } from '../../src/changes/live-corpus.js';
import type { RebuildEvent } from '../../src/changes/rebuilder.js';
import { type Config, readConfig } from '../../src/config.js';
import type { Embedder } from '../../src/embedding/embedder.js';
import { corpusOf, engineOptions, findModel, loadEmbedder, openCorpus } from '../../src/open-corpus.js';
import type { SearchableCorpus } from '../../src/recommend/corpus.js';
import { search } from '../../src/recommend/search.js';
import type { CleanUp } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

export const NEVER = new AbortController().signal;

export interface Changing {
  corpus: LiveCorpus;
  config: Config;
  /** What queries see now. */
  seen(): SearchableCorpus;
  /** Texts that went through the model to be stored. */
  embedded(): number;
  rebuilds: RebuildEvent[];
  put(record: object, options?: Parameters<LiveCorpus['put']>[1]): ReturnType<LiveCorpus['put']>;
  remove(id: string): Promise<{ id: string }>;
  /** Ids of the papers for a text, the nearest first. */
  find(text: string): Promise<string[]>;
  /** Resolves when the rebuilds that are under way have ended. */
  rebuilt(times?: number): Promise<void>;
  stop(): Promise<void>;
}

/** Opens a folder for changes; closed when the test ends, or by `stop`. */
export async function changing(
  t: CleanUp,
  indexFolder: string,
  options: Partial<LiveOptions> = {},
): Promise<Changing> {
  const config = readConfig({ NEARPAPER_INDEX: indexFolder, NEARPAPER_WORKERS: '1' });
  const access = await takeWriteAccess(indexFolder);
  const opened = await openCorpus(config);
  let count = 0;
  const counting = (embedder: Embedder): Embedder =>
    Object.create(embedder, {
      embedDocuments: {
        value: (texts: readonly string[], signal?: AbortSignal) => {
          count += texts.length;
          return embedder.embedDocuments(texts, signal);
        },
      },
      // A getter of a class that has private fields must be asked of the object itself.
      failure: { get: () => embedder.failure },
      queueDepth: { get: () => embedder.queueDepth },
      embedQuery: { value: embedder.embedQuery.bind(embedder) },
      close: { value: () => embedder.close() },
      fingerprint: { value: embedder.fingerprint },
      model: { value: embedder.model },
    });
  const first = { overlay: opened.overlay, embedder: counting(opened.embedder) };
  let target: typeof first = first;
  const opens = new Set<typeof first>([first]);
  const rebuilds: RebuildEvent[] = [];
  const corpus = new LiveCorpus(first, {
    access,
    queue: 64,
    rebuildAfter: null,
    task: { indexFolder, model: null, allowDownload: false, modelCache: config.modelCache, workers: 1 },
    vectors: engineOptions(config),
    loadModel: async (setting) => counting(await loadEmbedder(await findModel(setting, config), config)),
    checkModel: async (setting) => void (await findModel(setting, config)),
    show: (next) => {
      target = next;
      opens.add(next);
    },
    onRebuild: (event) => rebuilds.push(event),
    ...options,
  });
  const seen = () => ({ ...corpusOf(target.overlay), embedder: target.embedder });
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= (async () => {
      await corpus.close();
      for (const { overlay, embedder } of opens) await Promise.all([overlay.close(), embedder.close()]);
    })();
    return stopped;
  };
  t.after(stop);
  return {
    corpus,
    config,
    seen,
    embedded: () => count,
    rebuilds,
    put: (record, more = {}) => corpus.put(record, more, NEVER),
    remove: (id) => corpus.remove(id, {}, NEVER),
    async find(text) {
      const query = {
        text,
        mode: 'semantic',
        limit: 10,
        fields: [],
        exact: true,
        diversity: 0,
        explain: false,
      } as const;
      const { results } = await search(seen(), query, undefined);
      return results.map(({ paper }) => paper.id);
    },
    rebuilt: (times = 1) =>
      until('the rebuild is done', () => rebuilds.filter(({ kind }) => kind === 'done').length >= times, 60),
    stop,
  };
}
