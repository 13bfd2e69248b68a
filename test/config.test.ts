/** Settings from environment and flags. */
import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import { readConfig, SETTING_LIST, type SettingName } from '../src/config.js';
import { NearpaperError } from '../src/errors.js';

/** The problems that a configuration is refused with, by setting. */
function problemsOf(environment: Record<string, string>): Record<string, string> {
  try {
    readConfig(environment);
  } catch (thrown) {
    assert.ok(thrown instanceof NearpaperError);
    assert.equal(thrown.code, 'config_invalid');
    const problems = thrown.details.problems ?? [];
    for (const { field, detail } of problems) assert.ok(thrown.message.includes(`  ${field} ${detail}`));
    return Object.fromEntries(problems.map(({ field, detail }) => [field, detail]));
  }
  assert.fail(`accepted: ${JSON.stringify(environment)}`);
}

describe('settings', () => {
  it('have these defaults', () => {
    const { workers, ...others } = readConfig({});
    // One a core, fewer where memory is short.
    assert.ok(workers >= 1 && workers <= Math.min(64, availableParallelism()));
    assert.deepEqual(others, {
      port: 8080,
      host: '127.0.0.1',
      logLevel: 'info',
      indexFolder: resolve('index-data'),
      model: null,
      allowDownload: false,
      modelCache: resolve('index-data/models-cache'),
      queue: 64,
      queryCache: 4096,
      engine: 'auto',
      exactBelow: 2000,
      adminKey: null,
      readKeys: [],
      readOnly: false,
      follow: 0,
      corsOrigins: [],
      deadlineMs: 10_000,
      limits: {
        text: 20_000,
        getText: 2000,
        body: 4_194_304,
        results: 100,
        seeds: 500,
        texts: 100,
        batch: 100,
      },
      rebuildAfter: null,
      writeQueue: 256,
      shutdownMs: 10_000,
    });
  });

  it('show the default that they have', () => {
    for (const { name, shown } of SETTING_LIST) {
      if (shown === '' || shown.includes(' ')) continue;
      assert.deepEqual(readConfig({ [name]: shown }), readConfig({}), name);
    }
  });

  it('that are empty count as unset', () => {
    const empty = Object.fromEntries(SETTING_LIST.map(({ name }) => [name, '']));
    assert.deepEqual(readConfig(empty), readConfig({}));
  });

  it('are taken from the environment, and from flags before it', () => {
    const config = readConfig(
      { PORT: '1000', HOST: '0.0.0.0', NEARPAPER_INDEX: '/a', NEARPAPER_MODEL: 'x' },
      { PORT: '2000', NEARPAPER_INDEX: 'b' },
    );
    assert.equal(config.port, 2000);
    assert.equal(config.host, '0.0.0.0');
    assert.equal(config.indexFolder, resolve('b'));
    assert.equal(config.model, 'x');
    assert.equal(config.modelCache, resolve('b/models-cache'));
  });

  it('pass over every variable that is not theirs', () => {
    assert.deepEqual(readConfig({ PATH: '/bin', PORTS: 'x', NEARPAPERS: 'x', MODEL: 'x' }), readConfig({}));
  });

  it('split CORS origins at commas', () => {
    const { corsOrigins } = readConfig({
      NEARPAPER_CORS_ORIGINS: 'https://a.example, http://localhost:3000',
    });
    assert.deepEqual(corsOrigins, ['https://a.example', 'http://localhost:3000']);
    assert.deepEqual(readConfig({ NEARPAPER_CORS_ORIGINS: '*' }).corsOrigins, ['*']);
  });
});

describe('settings that cannot be used', () => {
  it('are all reported at once, with what would be accepted and what was given', () => {
    const problems = problemsOf({
      PORT: '99999',
      LOG_LEVEL: 'loud',
      NEARPAPER_WORKERS: '0',
      NEARPAPER_ENGINE: 'faiss',
      NEARPAPER_ALLOW_DOWNLOAD: 'true',
      NEARPAPER_CORS_ORIGINS: 'example.org',
      NEARPAPER_QUEU: '3',
    });
    assert.deepEqual(problems, {
      PORT: 'must be a whole number from 0 to 65535, not "99999"',
      LOG_LEVEL: 'must be one of trace, debug, info, warn, error, fatal, silent, not "loud"',
      NEARPAPER_WORKERS: 'must be a whole number from 1 to 64, not "0"',
      NEARPAPER_ENGINE: 'must be one of auto, hnsw, exact, not "faiss"',
      NEARPAPER_ALLOW_DOWNLOAD: 'must be one of yes, no, not "true"',
      NEARPAPER_CORS_ORIGINS:
        'must be * or origins such as https://example.org, separated by commas, not "example.org"',
      NEARPAPER_QUEU: 'is no setting; did you mean NEARPAPER_QUEUE?',
    });
  });

  it('are numbers in any other form than digits', () => {
    for (const value of ['-1', '1.5', '1e3', '0x10', ' 80', '80 ', '８０', 'NaN', '999999999999999999999']) {
      assert.ok('PORT' in problemsOf({ PORT: value }), value);
    }
  });

  it('are origins with a path, without a scheme, or none between two commas', () => {
    for (const value of [
      'https://a.example/',
      'https://a.example/x',
      'a.example',
      'null',
      'https://a.example,',
      '**',
    ]) {
      assert.ok('NEARPAPER_CORS_ORIGINS' in problemsOf({ NEARPAPER_CORS_ORIGINS: value }), value);
    }
  });

  it('with our prefix and an unknown name are named, with a suggestion only where one is near', () => {
    const suggestions: [given: string, near: SettingName][] = [
      ['NEARPAPER_INDX', 'NEARPAPER_INDEX'],
      ['NEARPAPER_MODELS', 'NEARPAPER_MODEL'],
      ['NEARPAPER_DEADLINE', 'NEARPAPER_DEADLINE_MS'],
      ['NEARPAPER_CORS_ORIGIN', 'NEARPAPER_CORS_ORIGINS'],
    ];
    for (const [given, near] of suggestions) {
      assert.equal(problemsOf({ [given]: 'x' })[given], `is no setting; did you mean ${near}?`);
    }
    assert.equal(
      problemsOf({ NEARPAPER_SOMETHING_ELSE_ENTIRELY: 'x' }).NEARPAPER_SOMETHING_ELSE_ENTIRELY,
      'is no setting',
    );
  });
});

describe('keys', () => {
  const ADMIN = 'an-admin-key-of-24-chars';
  const LAB = 'key-of-the-laboratory';
  const WEB = 'key-of-the-web-site!';

  it('are read with their names and rates', () => {
    const config = readConfig({
      NEARPAPER_ADMIN_KEY: ADMIN,
      NEARPAPER_READ_KEYS: `lab:${LAB}:50/s, web:${WEB}:600/m`,
      NEARPAPER_READ_ONLY: 'true',
    });
    assert.equal(config.adminKey, ADMIN);
    assert.equal(config.readOnly, true);
    assert.deepEqual(config.readKeys, [
      { name: 'lab', key: LAB, points: 50, seconds: 1 },
      { name: 'web', key: WEB, points: 600, seconds: 60 },
    ]);
  });

  it('that cannot be used are all told, by their position', () => {
    const entries: [entry: string, detail: RegExp][] = [
      ['lab', /must be name:key:rate/],
      [`lab:${LAB}`, /must be name:key:rate/],
      [`lab:${LAB}:x:50/s`, /must be name:key:rate/],
      ['', /must be name:key:rate/],
      [`Lab:${LAB}:50/s`, /must have a name of/],
      [`${'x'.repeat(33)}:${LAB}:50/s`, /must have a name of/],
      [`admin:${LAB}:50/s`, /must have another name than admin/],
      ['lab:fifteen-letters:50/s', /must have a key of 16 or more/],
      ['lab:with a space in it:50/s', /must have a key of 16 or more/],
      ['lab:mit-Umlaut-äöü-und-so:50/s', /must have a key of 16 or more/],
      ...['50', '0/s', '50/h', '-1/s', '1.5/s', '/s', ''].map((rate): [string, RegExp] => [
        `lab:${LAB}:${rate}`,
        /must have a rate such as 50\/s or 600\/m/,
      ]),
    ];
    for (const [entry, detail] of entries) {
      const told = problemsOf({ NEARPAPER_READ_KEYS: `web:${WEB}:1/s,${entry}` }).NEARPAPER_READ_KEYS ?? '';
      assert.match(told, /^entry 2 /, entry);
      assert.match(told, detail, entry);
    }
    assert.throws(() => readConfig({ NEARPAPER_READ_KEYS: 'a,b' }), /entry 1 [^\n]*\n.*entry 2 /);
  });

  it('are distinct, and so are their names', () => {
    const problem = (keys: string, admin = ADMIN) =>
      problemsOf({ NEARPAPER_READ_KEYS: keys, NEARPAPER_ADMIN_KEY: admin }).NEARPAPER_READ_KEYS;
    assert.equal(problem(`a:${LAB}:1/s,b:${LAB}:1/s`), 'entry 2 has the key of entry 1');
    assert.equal(problem(`a:${LAB}:1/s,a:${WEB}:1/s`), 'entry 2 has the name of entry 1');
    assert.equal(problem(`a:${LAB}:1/s`, LAB), 'must not hold the key of NEARPAPER_ADMIN_KEY');
  });

  it('are never shown, however wrong they are', () => {
    const secrets = ['short-secret', 'a secret that has spaces', 'left:a secret'];
    for (const secret of secrets) {
      for (const name of ['NEARPAPER_ADMIN_KEY', 'NEARPAPER_READ_KEYS']) {
        assert.throws(
          () => readConfig({ [name]: secret, PORT: 'x' }),
          (thrown: unknown) => {
            assert.ok(thrown instanceof NearpaperError);
            const { message, details } = thrown;
            assert.match(message, new RegExp(name));
            assert.doesNotMatch(`${message}${JSON.stringify(details)}${thrown.stack}`, /secret/);
            return true;
          },
          `${name}=${secret}`,
        );
      }
    }
  });
});
