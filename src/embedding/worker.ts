/** Entry of a worker thread: loads the model, then embeds one text a message until it is told to close. */
import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { basename } from 'node:path';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../errors.js';
import type { ModelDescription } from './description.js';
import type { Inference } from './inference.js';
import type { FromWorker, ToWorker } from './protocol.js';

/** Of the 19 steps below the usual priority. A third of its share beside a thread that never rests. */
const NICENESS = 5;

async function load(description: ModelDescription): Promise<Inference | FromWorker> {
  let inference: typeof import('./inference.js');
  try {
    // Not a static import, so that a native library that does not load here can be reported as such.
    inference = await import('./inference.js');
  } catch (thrown) {
    const message = `The inference runtime cannot be loaded: ${messageOf(thrown)}. Install the package again on this machine.`;
    return { kind: 'unloadable', code: 'native_module', message, cause: stackOf(thrown) };
  }
  try {
    return await inference.loadInference(description);
  } catch (thrown) {
    const message = `The model in ${description.folder} cannot be loaded: ${messageOf(thrown)}.`;
    return { kind: 'unloadable', code: 'model_damaged', message, cause: stackOf(thrown) };
  }
}

async function answer(port: MessagePort, inference: Inference, request: ToWorker): Promise<void> {
  if (request.kind === 'close') {
    await inference.dispose();
    // Without a port to listen to, nothing keeps the thread: it ends by itself, never in the middle of a run.
    port.close();
    return;
  }
  try {
    const { vector, truncated } = await inference.embed(request.text, request.role);
    send(port, { kind: 'embedded', vector, truncated }, [vector.buffer]);
  } catch (thrown) {
    send(port, { kind: 'failed', message: messageOf(thrown) });
  }
}

function send(port: MessagePort, message: FromWorker, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

function stackOf(thrown: unknown): string {
  return (thrown instanceof Error && thrown.stack) || messageOf(thrown);
}

/**
 * Has the thread that answers requests go first: what it does takes a millisecond where a text takes many, and on as many
 * cores as there are workers it would wait for its turn behind them. On Linux a thread has a priority of its own; where
 * there is none, or it may not be changed, nothing is lost.
 */
function giveWayToOthers(): void {
  try {
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), NICENESS);
  } catch {
    // See above.
  }
}

async function main(port: MessagePort, description: ModelDescription): Promise<void> {
  giveWayToOthers();
  const loaded = await load(description);
  if ('kind' in loaded) {
    send(port, loaded);
    return;
  }
  // A request that cannot be answered at all ends the thread, as an unhandled rejection; the pool notices.
  port.on('message', (request: ToWorker) => void answer(port, loaded, request));
  send(port, { kind: 'ready' });
}

if (parentPort === null) throw new Error('This file is started by the embedding pool, as a worker thread.');
await main(parentPort, workerData);
