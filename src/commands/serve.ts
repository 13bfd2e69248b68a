/** `nearpaper serve` and `nearpaper start` */
import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';
import type { Config } from '../config.js';
import { NearpaperError } from '../errors.js';
import { currentOrNewest } from '../generations/folder.js';
import { type RunningService, startService } from '../server.js';
import { runBuild, SAMPLE_CORPUS } from './build.js';
import { type CommandContext, configOf, type SettingFlags } from './context.js';
import { describeImport } from './import-text.js';
import { printLine } from './output.js';
import { nearpaperVersion } from './version.js';

/** Serves until a signal stops it; resolves to the exit code. */
export async function serveCommand(context: CommandContext, flags: SettingFlags): Promise<number> {
  const config = configOf(context, flags);
  const logger = createLogger(config, context.stdout);
  const { signal } = context;
  let service: RunningService;
  try {
    service = await startService({ config, logger, version: nearpaperVersion(), signal });
  } catch (thrown) {
    // To be stopped is how a service ends, also while it is still getting ready.
    if (signal.aborted && thrown instanceof NearpaperError && thrown.code === 'cancelled') return 0;
    throw thrown;
  }
  context.onReload(() => {
    // reload never rejects: a failure is logged and the old generation keeps serving.
    void service.reload();
  });
  await aborted(signal);
  await service.stop();
  return 0;
}

/** Serves; builds the sample corpus first where there is no index. */
export async function startCommand(context: CommandContext, flags: SettingFlags): Promise<number> {
  const config = configOf(context, flags);
  if ((await currentOrNewest(config.indexFolder)) === null) {
    const started = performance.now();
    printLine(context.stderr, `No index in ${config.indexFolder} yet: building the sample corpus.`);
    try {
      const result = await runBuild(context, flags, { inputs: [SAMPLE_CORPUS], sample: true });
      for (const line of describeImport(result, (performance.now() - started) / 1000))
        printLine(context.stderr, line);
    } catch (thrown) {
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
    pretty({
      translateTime: 'HH:MM:ss',
      ignore: 'name,pid,hostname,req,res,responseTime',
      singleLine: true,
      messageFormat: prettyMessage,
      destination: stdout,
    }),
  );
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** A request as one line, such as `GET /v1/search?q=agents 200 11 ms`. */
function prettyMessage(log: Record<string, unknown>, messageKey: string): string {
  const { req, res, responseTime } = log;
  if (!isRecord(req) || !isRecord(res)) return String(log[messageKey]);
  return `${req.method} ${req.url} ${res.statusCode} ${responseTime} ms`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
