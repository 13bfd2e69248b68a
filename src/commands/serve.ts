/** `nearpaper serve` and `nearpaper start` */
import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';
import type { Config } from '../config.js';
import { currentGeneration } from '../generations/folder.js';
import { startService } from '../server.js';
import { describeResult, runBuild, SAMPLE_CORPUS } from './build.js';
import { type CommandContext, configOf, type SettingFlags } from './context.js';
import { printLine } from './output.js';
import { nearpaperVersion } from './version.js';

/** Serves until a signal stops it; resolves to the exit code. */
export async function serveCommand(context: CommandContext, flags: SettingFlags): Promise<number> {
  const config = configOf(context, flags);
  const logger = createLogger(config, context.stdout);
  const service = await startService({ config, logger, version: nearpaperVersion() });
  context.onReload(() => {
    // reload never rejects: a failure is logged and the old generation keeps serving.
    void service.reload();
  });
  await aborted(context.signal);
  await service.stop();
  return 0;
}

/** Serves; builds the sample corpus first where there is no index. */
export async function startCommand(context: CommandContext, flags: SettingFlags): Promise<number> {
  const config = configOf(context, flags);
  if ((await currentGeneration(config.indexFolder)) === null) {
    const started = performance.now();
    printLine(context.stderr, `No index in ${config.indexFolder} yet: building the sample corpus.`);
    try {
      const result = await runBuild(context, flags, { inputs: [SAMPLE_CORPUS], sample: true });
      for (const line of describeResult(result, (performance.now() - started) / 1000))
        printLine(context.stderr, line);
    } catch (thrown) {
      // To be stopped is how a service ends, also while it is still getting ready.
      if (context.signal.aborted) return 0;
      throw thrown;
    }
  }
  return serveCommand(context, flags);
}

function createLogger(config: Config, stdout: NodeJS.WriteStream): Logger {
  const options = { level: config.logLevel, base: { name: 'nearpaper' } };
  if (!stdout.isTTY) return pino(options, pino.destination({ dest: 1, sync: false }));
  return pino(
    options,
    pretty({ translateTime: 'HH:MM:ss', ignore: 'name,pid,hostname', destination: stdout }),
  );
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
