/**
 * Entry of the child process in which a service makes its next generation: memory and processor time are given back
 * with it, and what it does can harm nothing that serves. It writes in `building` alone; the service publishes.
 */
import { setPriority } from 'node:os';
import { Readable } from 'node:stream';
import { makeGeneration } from './build/build.js';
import { planOf } from './build/plan.js';
import type { FromRebuild, RebuildTask } from './changes/rebuild-protocol.js';
import { messageOf, NearpaperError } from './errors.js';
import { findModel } from './open-corpus.js';

/** The least claim to a processor that Linux knows: whoever asks the service goes first. */
const LEAST_PRIORITY = 19;

// The service is gone, however it ended, and with it whoever would publish this. At once, and safe at any moment:
// what is embedded is in SQLite's transactions.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

process.once('message', (task: RebuildTask) => {
  void make(task)
    .catch((thrown: unknown): FromRebuild => {
      const code = thrown instanceof NearpaperError ? thrown.code : 'internal';
      return { kind: 'failed', code, message: messageOf(thrown) };
    })
    .then((last) => process.send?.(last, () => process.exit(0)));
});

async function make(task: RebuildTask): Promise<FromRebuild> {
  setPriority(LEAST_PRIORITY);
  const { indexFolder, upTo, model, workers } = task;
  const request = {
    ...{ indexFolder, model, workers, inputs: [], stdin: Readable.from([]), format: undefined },
    ...{ strict: false, prune: false, force: false, fresh: false, rebuild: true, discardChanges: false },
    sample: false,
    resolveModel: (setting: string) => findModel(setting, task),
    signal: new AbortController().signal,
    onEvent: (event: Extract<FromRebuild, { kind: 'event' }>['event']) =>
      void process.send?.({ kind: 'event', event } satisfies FromRebuild),
  };
  const plan = await planOf(request, upTo);
  const made = plan.published?.manifest.model;
  if (!task.reembed && made !== undefined && made.fingerprint !== plan.model.fingerprint) {
    throw new NearpaperError(
      'model_mismatch',
      `The index was made with ${made.name} (${made.fingerprint}), and ${plan.model.name} is ${plan.model.fingerprint} now: ` +
        'its files have changed. Put them back, or embed the papers again with `nearpaper reembed`.',
    );
  }
  const { generation } = await makeGeneration(request, plan);
  return { kind: 'made', generation };
}
