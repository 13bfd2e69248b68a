/**
 * Settings: environment and flags -> Config. Every setting is described once, here; `.env.example`, the README's
 * table and the flags' help are made from this list. Nothing else reads the environment.
 */
import { resolve } from 'node:path';
import { closest, distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { NearpaperError } from './errors.js';
import { adminKeySetting, isAlsoReadKey, type ReadKey, readKeysSetting } from './key-settings.js';
import {
  defaultWorkers,
  LOG_LEVELS,
  lowerCase,
  oneOf,
  origins,
  wholeNumber,
  wholeNumberOrUnset,
} from './setting-kinds.js';

export { ADMIN_NAME, type ReadKey } from './key-settings.js';

interface Setting {
  /** Shown as the default; empty when unset has a meaning of its own, which `help` then tells. */
  shown: string;
  help: string;
  schema: z.ZodType;
  /** Its value is shown nowhere, not even when it cannot be used. */
  secret?: true;
}

/** More would not fit into the pool of candidates, see docs/adr/0005-fixed-pool.md. */
const MOST_RESULTS = 100;

const SETTINGS = {
  PORT: {
    shown: '8080',
    help: 'Port to listen on; 0 takes a free one.',
    schema: wholeNumber(0, 65_535, 8080),
  },
  HOST: {
    shown: '127.0.0.1',
    help: 'Address to listen on. 0.0.0.0 lets other machines in; put a proxy with TLS before it, and set NEARPAPER_READ_KEYS unless all may read.',
    schema: z.string().min(1).default('127.0.0.1'),
  },
  LOG_LEVEL: {
    shown: 'info',
    help: `One of ${LOG_LEVELS.join(', ')}.`,
    schema: z.preprocess(lowerCase, oneOf(LOG_LEVELS, 'info')),
  },
  NEARPAPER_INDEX: {
    shown: 'index-data',
    help: 'Folder of the store and the index; `build` writes in it, and a service with NEARPAPER_ADMIN_KEY.',
    schema: z.string().min(1).default('index-data'),
  },
  NEARPAPER_MODEL: {
    shown: '',
    help:
      'Embedding model: all-MiniLM-L6-v2, bge-small-en-v1.5, a folder, or a hub id. ' +
      'Unset: the model that the index was built with, all-MiniLM-L6-v2 for a new one.',
    schema: z.string().min(1).optional(),
  },
  NEARPAPER_ALLOW_DOWNLOAD: {
    shown: 'no',
    help: 'yes lets a hub id in NEARPAPER_MODEL be downloaded. But for that and "nearpaper fetch", nothing uses the network.',
    schema: oneOf(['yes', 'no'], 'no').transform((answer) => answer === 'yes'),
  },
  NEARPAPER_CACHE: {
    shown: '',
    help: 'Folder for downloaded models. Unset: `models-cache` inside NEARPAPER_INDEX.',
    schema: z.string().min(1).optional(),
  },
  NEARPAPER_WORKERS: {
    shown: '',
    help: 'Embedding workers, each with one thread and up to 200 MB of memory. Unset: one a core, as far as memory allows.',
    schema: wholeNumber(1, 64, defaultWorkers()),
  },
  NEARPAPER_QUEUE: {
    shown: '64',
    help: 'Texts that may wait to be embedded; further ones are answered 503 at once, and while such a load lasts no more wait than there are workers.',
    schema: wholeNumber(1, 10_000, 64),
  },
  NEARPAPER_WRITE_QUEUE: {
    shown: '256',
    help: 'Changes that may wait to be embedded and stored; further ones are answered 503, or wait where they stream in.',
    schema: wholeNumber(1, 10_000, 256),
  },
  NEARPAPER_REBUILD_AFTER: {
    shown: '',
    help: 'Changes after which the index is made anew beside the one that serves. Unset: a twentieth of the corpus, at least 1,000.',
    schema: wholeNumberOrUnset(1, 10_000_000),
  },
  NEARPAPER_QUERY_CACHE: {
    shown: '4096',
    help: 'Query texts whose vectors are kept in memory, about 1.5 KB each, at times up to twice as many. 0: none.',
    schema: wholeNumber(0, 100_000, 4096),
  },
  NEARPAPER_ENGINE: {
    shown: 'auto',
    help: 'auto: exact search up to NEARPAPER_EXACT_BELOW papers, HNSW above. hnsw or exact: always that one.',
    schema: oneOf(['auto', 'hnsw', 'exact'], 'auto'),
  },
  NEARPAPER_EXACT_BELOW: {
    shown: '2000',
    help: 'Corpora of at most this many papers are searched exactly: as fast there, and recall 1.',
    schema: wholeNumber(0, 10_000_000, 2000),
  },
  NEARPAPER_ADMIN_KEY: {
    shown: '',
    help:
      'Key for writes and administration, 16 characters or more, sent as Authorization: Bearer. Unset: writes are off. ' +
      'Keys are read at the start: a new one needs a restart.',
    schema: adminKeySetting,
    secret: true,
  },
  NEARPAPER_READ_KEYS: {
    shown: '',
    help:
      'Keys for reading, each with a rate: `name:key:rate`, separated by commas, with rates such as 50/s or 600/m. ' +
      'Unset: reading needs no key.',
    schema: readKeysSetting,
    secret: true,
  },
  NEARPAPER_READ_ONLY: {
    shown: 'false',
    help: 'true: the service writes nothing, whatever keys there are; for folders that another process writes, and read-only media.',
    schema: oneOf(['true', 'false'], 'false').transform((answer) => answer === 'true'),
  },
  NEARPAPER_FOLLOW: {
    shown: '0',
    help: 'Seconds between two looks at what is published: the service takes up a new generation by itself. 0: only when it is told, by SIGHUP or POST /v1/admin/reload.',
    schema: wholeNumber(0, 86_400, 0),
  },
  NEARPAPER_CORS_ORIGINS: {
    shown: '',
    help: 'Origins whose pages may call the API, separated by commas, or *. Unset: none.',
    schema: origins,
  },
  NEARPAPER_DEADLINE_MS: {
    shown: '10000',
    help: 'Milliseconds after which a request is answered 503.',
    schema: wholeNumber(100, 600_000, 10_000),
  },
  NEARPAPER_MAX_TEXT: {
    shown: '20000',
    help: 'Longest text of a query by POST, in characters.',
    schema: wholeNumber(100, 1_000_000, 20_000),
  },
  NEARPAPER_MAX_GET_TEXT: {
    shown: '2000',
    help: 'Longest text of a query by GET, in characters.',
    schema: wholeNumber(100, 4000, 2000),
  },
  NEARPAPER_MAX_RESULTS: {
    shown: '100',
    help: 'Largest `limit` of a request.',
    schema: wholeNumber(1, MOST_RESULTS, MOST_RESULTS),
  },
  NEARPAPER_MAX_SEEDS: {
    shown: '500',
    help: 'Most positives and negatives of one request, and most ids in any list of ids.',
    schema: wholeNumber(1, 10_000, 500),
  },
  NEARPAPER_MAX_TEXTS: {
    shown: '100',
    help: 'Most different texts in one request; each is one run of the model.',
    schema: wholeNumber(1, 1000, 100),
  },
  NEARPAPER_MAX_BATCH: {
    shown: '100',
    help: 'Most requests in one batch.',
    schema: wholeNumber(1, 1000, 100),
  },
  NEARPAPER_MAX_BODY: {
    shown: '4194304',
    help: 'Largest request body, in bytes.',
    schema: wholeNumber(1024, 268_435_456, 4 * 1024 * 1024),
  },
  NEARPAPER_SHUTDOWN_MS: {
    shown: '10000',
    help: 'Milliseconds that running requests get to finish after SIGTERM.',
    schema: wholeNumber(0, 600_000, 10_000),
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;

/** Every setting with its default as shown to people and its meaning, in the order of the documentation. */
export const SETTING_LIST: readonly { name: SettingName; shown: string; help: string }[] = Object.entries(
  SETTINGS,
).map(([name, { shown, help }]) => ({ name: name as SettingName, shown, help }));

const SECRETS: ReadonlySet<string> = new Set(
  Object.entries(SETTINGS).flatMap(([name, setting]) => ('secret' in setting ? [name] : [])),
);

const configSchema = z.object(
  Object.fromEntries(Object.entries(SETTINGS).map(([name, { schema }]) => [name, schema])) as {
    [Name in SettingName]: (typeof SETTINGS)[Name]['schema'];
  },
);

export interface Config {
  port: number;
  host: string;
  logLevel: (typeof LOG_LEVELS)[number];
  /** Absolute path. */
  indexFolder: string;
  /** Null: the index's own model, or the default for a new index. */
  model: string | null;
  allowDownload: boolean;
  modelCache: string;
  workers: number;
  queue: number;
  /** Changes that may wait to be stored. */
  writeQueue: number;
  /** Changes after which the index is made anew; null: by the size of the corpus. */
  rebuildAfter: number | null;
  /** Query texts whose vectors are kept; 0: none. */
  queryCache: number;
  engine: 'auto' | 'hnsw' | 'exact';
  exactBelow: number;
  /** Null: writes are off. */
  adminKey: string | null;
  /** Empty: reading needs no key. */
  readKeys: ReadKey[];
  /** Nothing is written, whatever keys there are. */
  readOnly: boolean;
  /** Seconds between two looks at what is published; 0: none. */
  follow: number;
  corsOrigins: string[];
  deadlineMs: number;
  limits: {
    text: number;
    getText: number;
    body: number;
    results: number;
    /** Also the most ids in any list of ids. */
    seeds: number;
    /** Different texts in one request. */
    texts: number;
    batch: number;
  };
  shutdownMs: number;
}

/** Where a value came from, so that a problem names what the user typed. */
export type SettingSource = Partial<Record<SettingName, string>>;

/**
 * Validates environment and flags together; a flag wins over the variable of the same setting. An empty
 * variable counts as unset. Errors: `config_invalid` with every problem at once.
 */
export function readConfig(
  environment: Record<string, string | undefined>,
  flags: SettingSource = {},
): Config {
  const raw: Record<string, string> = {};
  for (const name of Object.keys(SETTINGS)) {
    const value = environment[name];
    if (value !== undefined && value !== '') raw[name] = value;
  }
  Object.assign(raw, flags);
  const problems = unknownSettings(environment);
  const parsed = configSchema.safeParse(raw);
  for (const issue of parsed.error?.issues ?? []) {
    const name = String(issue.path[0]);
    const instead = SECRETS.has(name) ? '' : `, not ${JSON.stringify(raw[name])}`;
    problems.push({ field: name, detail: `${issue.message}${instead}` });
  }
  if (isAlsoReadKey(raw.NEARPAPER_ADMIN_KEY, raw.NEARPAPER_READ_KEYS)) {
    problems.push({ field: 'NEARPAPER_READ_KEYS', detail: 'must not hold the key of NEARPAPER_ADMIN_KEY' });
  }
  if (!parsed.success || problems.length > 0) {
    const lines = problems.map(({ field, detail }) => `  ${field} ${detail}`);
    throw new NearpaperError('config_invalid', `Settings that cannot be used:\n${lines.join('\n')}`, {
      problems,
    });
  }
  return configOf(parsed.data);
}

/** What Kubernetes sets in every pod beside a Service that is called nearpaper. */
const SERVICE_LINKS = /^NEARPAPER_(SERVICE|PORT)(_|$)/;

/** Variables with our prefix that no setting has: a typing error would otherwise silently do nothing. */
function unknownSettings(
  environment: Record<string, string | undefined>,
): { field: string; detail: string }[] {
  const known = Object.keys(SETTINGS);
  return Object.keys(environment)
    .filter((name) => name.startsWith('NEARPAPER_') && !known.includes(name) && !SERVICE_LINKS.test(name))
    .map((name) => {
      const near = closest(name, known);
      const hint = distance(name, near) <= 6 ? `; did you mean ${near}?` : '';
      return { field: name, detail: `is no setting${hint}` };
    });
}

function configOf(values: z.infer<typeof configSchema>): Config {
  const indexFolder = resolve(values.NEARPAPER_INDEX);
  return {
    port: values.PORT,
    host: values.HOST,
    logLevel: values.LOG_LEVEL,
    indexFolder,
    model: values.NEARPAPER_MODEL ?? null,
    allowDownload: values.NEARPAPER_ALLOW_DOWNLOAD,
    modelCache: resolve(values.NEARPAPER_CACHE ?? `${indexFolder}/models-cache`),
    workers: values.NEARPAPER_WORKERS,
    queue: values.NEARPAPER_QUEUE,
    writeQueue: values.NEARPAPER_WRITE_QUEUE,
    rebuildAfter: values.NEARPAPER_REBUILD_AFTER,
    queryCache: values.NEARPAPER_QUERY_CACHE,
    engine: values.NEARPAPER_ENGINE,
    exactBelow: values.NEARPAPER_EXACT_BELOW,
    adminKey: values.NEARPAPER_ADMIN_KEY ?? null,
    readKeys: values.NEARPAPER_READ_KEYS,
    readOnly: values.NEARPAPER_READ_ONLY,
    follow: values.NEARPAPER_FOLLOW,
    corsOrigins: values.NEARPAPER_CORS_ORIGINS,
    deadlineMs: values.NEARPAPER_DEADLINE_MS,
    limits: {
      text: values.NEARPAPER_MAX_TEXT,
      getText: values.NEARPAPER_MAX_GET_TEXT,
      body: values.NEARPAPER_MAX_BODY,
      results: values.NEARPAPER_MAX_RESULTS,
      seeds: values.NEARPAPER_MAX_SEEDS,
      texts: values.NEARPAPER_MAX_TEXTS,
      batch: values.NEARPAPER_MAX_BATCH,
    },
    shutdownMs: values.NEARPAPER_SHUTDOWN_MS,
  };
}
