/** Taking up what another process published, or replacing workers that died for good, without disturbing who asks. */
import type { LiveCorpus } from './changes/live-corpus.js';
import { messageOf, NearpaperError } from './errors.js';
import { currentGeneration } from './generations/folder.js';
import { journalOf } from './generations/journal-name.js';
import { applyAll } from './generations/open-current.js';
import { pendingChanges } from './generations/pending-changes.js';
import type { Served } from './http/service.js';
import { loadEmbedder, modelOfIndex, openCorpus } from './open-corpus.js';
import { type Running, show } from './running.js';

/** Errors: those of opening, which are logged; the old generation keeps serving then. */
export async function reload(running: Running): Promise<Served> {
  const { logger, ending, live } = running;
  try {
    refuseStopping(running);
    const what =
      running.corpus === null ? await openPublishedNow(running) : await mendWorkers(running, running.corpus);
    const { generation, about } = live.current;
    logger.info({ generation, papers: about.papers }, `reload: ${what}`);
    return { generation, papers: about.papers };
  } catch (thrown) {
    if (ending.signal.aborted) {
      logger.info('reload: given up, the service stops');
      throw thrown;
    }
    const code = thrown instanceof NearpaperError ? thrown.code : 'internal';
    logger.error(
      { err: thrown, code },
      `reload failed, the old generation keeps serving: ${messageOf(thrown)}`,
    );
    throw thrown;
  }
}

function refuseStopping({ ending }: Running): void {
  if (ending.signal.aborted) throw new NearpaperError('not_ready', 'The service is stopping.');
}

const SERVED_ALREADY = 'this generation is served already';

/** The generation that CURRENT names, with what its journal has by now. */
async function openPublishedNow(running: Running): Promise<string> {
  const { config, target, ending, metrics } = running;
  const { embedder, overlay } = target;
  const { manifest } = overlay.generation;
  const isServed = (await currentGeneration(config.indexFolder))?.name === manifest.generation;
  if (isServed && embedder.failure === null) return takeUpChanges(running);
  const opened = await openCorpus(config, {
    embedder,
    signal: ending.signal,
    onEmbedded: metrics.observeEmbedding,
  });
  show(running, opened);
  return isServed ? 'serving this generation with new embedding workers' : 'serving the new generation';
}

/** Another process writes the folder: what its journal has by now is laid over what is open already. */
async function takeUpChanges(running: Running): Promise<string> {
  const { config, target } = running;
  const { overlay } = target;
  const { manifest } = overlay.generation;
  const place = journalOf(config.indexFolder, manifest);
  const further = await pendingChanges(place && { ...place, seq: overlay.seq }, manifest);
  if (further.length === 0) return SERVED_ALREADY;
  await applyAll(overlay, further);
  show(running, target);
  return `serving ${further.length} further ${further.length === 1 ? 'change' : 'changes'}`;
}

/** Nobody else publishes where this service writes; only its workers can need replacing. */
async function mendWorkers({ config, metrics, ending }: Running, corpus: LiveCorpus): Promise<string> {
  const { embedder, overlay } = corpus.target;
  if (embedder.failure === null) return 'this service writes its folder itself, there is nothing to take up';
  const model = await modelOfIndex(overlay.generation.manifest, config, ending.signal);
  const workers = await loadEmbedder(model, config, metrics.observeEmbedding);
  try {
    await corpus.useEmbedder(workers);
  } catch (thrown) {
    await workers.close();
    throw thrown;
  }
  return 'serving this generation with new embedding workers';
}
