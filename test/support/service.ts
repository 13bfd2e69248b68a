/** The service as `nearpaper serve` starts it, on a free port, its log kept in an array. */
import pino, { type Logger } from 'pino';
import supertest from 'supertest';
import { type Config, readConfig } from '../../src/config.js';
import { type RunningService, startService } from '../../src/server.js';
import type { CleanUp } from './temporary-folder.js';

/** One line of the log. */
export interface LogLine {
  level: number;
  time: number;
  msg: string;
  req?: { id: string; method: string; url: string };
  res?: { statusCode: number };
  responseTime?: number;
  err?: { message: string };
  [key: string]: unknown;
}

export const LEVELS = pino.levels.values;

/** A logger that keeps what it writes. A line that is no JSON throws in the code that wrote it. */
export function keepingLogger(level = 'info'): { logger: Logger; log: LogLine[] } {
  const log: LogLine[] = [];
  const logger = pino({ level }, { write: (line: string) => void log.push(JSON.parse(line)) });
  return { logger, log };
}

export interface TestService {
  service: RunningService;
  url: string;
  port: number;
  /** Requests over real sockets. */
  http: ReturnType<typeof supertest>;
  log: LogLine[];
}

/** Starts the service on an index; it is stopped when the test, or the file, ends. */
export async function serveIndex(
  t: CleanUp,
  indexFolder: string,
  overrides: Partial<Config> & { logLevel?: Config['logLevel'] } = {},
): Promise<TestService> {
  const config: Config = {
    ...readConfig({ NEARPAPER_INDEX: indexFolder, PORT: '0', NEARPAPER_WORKERS: '1' }),
    ...overrides,
  };
  const { logger, log } = keepingLogger(config.logLevel);
  const service = await startService({ config, logger, version: '0.0.0-test' });
  t.after(() => service.stop());
  return {
    service,
    url: service.url,
    port: Number(new URL(service.url).port),
    http: supertest(service.url),
    log,
  };
}
