/** The OpenAPI document and its page: sound by a real linter, complete, and nothing from anywhere else. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import supertest from 'supertest';
import { readConfig } from '../../src/config.js';
import { ERRORS } from '../../src/errors.js';
import { createApp } from '../../src/http/app.js';
import { Metrics } from '../../src/http/metrics.js';
import { packageRoot } from '../../src/package-root.js';
import { keepingLogger } from '../support/service.js';
import { Contract, type ContractDocument } from './openapi-document.js';

const metrics = new Metrics();
after(() => metrics.close());
/** Of a service that is starting: the document must not need a corpus. */
const appWith = (environment: Record<string, string> = {}) =>
  createApp({
    logger: keepingLogger().logger,
    version: '1.2.3',
    metrics,
    settings: readConfig(environment),
    state: { kind: 'starting' },
    writer: null,
    reload: null,
  });
const app = appWith();
const http = supertest(app);
const served = (await http.get('/openapi.json')).text;
const contract = new Contract(JSON.parse(served));
const { document } = contract;

/** Sound by every rule that Redocly recommends; none is switched off. */
async function lint(text: string): Promise<string[]> {
  const config = await createConfig({ extends: ['recommended'] });
  const problems = await lintFromString({ source: text, absoluteRef: '/openapi.json', config });
  return problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`);
}

describe('the document', () => {
  it('passes the linter', async () => {
    assert.deepEqual(await lint(served), []);
  });

  it('would not pass it with an example that its schema refuses', async () => {
    const broken: ContractDocument = JSON.parse(served);
    const examples = broken.paths['/livez']?.get?.responses['200']?.content?.['application/json']?.examples;
    assert.ok(examples);
    examples.live = { summary: 'wrong', value: { status: 'dead' } };
    assert.match((await lint(JSON.stringify(broken))).join(), /no-invalid-media-type-examples/);
  });

  it('is the same to the byte from another service with the same settings', async () => {
    assert.equal((await supertest(appWith()).get('/openapi.json')).text, served);
  });

  it('states the limits of the service that serves it', async () => {
    const limited = appWith({
      NEARPAPER_MAX_RESULTS: '7',
      NEARPAPER_MAX_GET_TEXT: '300',
      NEARPAPER_MAX_BATCH: '3',
    });
    const { components, paths }: ContractDocument = (await supertest(limited).get('/openapi.json')).body;
    const { limit } = components.parameters as { limit: { schema: Record<string, unknown> } };
    assert.equal(limit.schema.maximum, 7);
    assert.equal(limit.schema.default, 7);
    const q = paths['/v1/search']?.get?.parameters.find((one) => 'name' in one && one.name === 'q');
    assert.equal(q && 'schema' in q && Reflect.get(q.schema, 'maxLength'), 300);
    const { BatchRequest } = components.schemas as { BatchRequest: { properties: { requests: object } } };
    assert.equal(Reflect.get(BatchRequest.properties.requests, 'maxItems'), 3);
  });

  it('says what it is, under which licence, and relative to where it was found', () => {
    assert.equal(document.openapi, '3.1.1');
    assert.equal(document.info.version, '1.2.3');
    assert.deepEqual(document.info.license, { name: 'Apache License 2.0', identifier: 'Apache-2.0' });
    assert.deepEqual(
      document.servers.map(({ url }) => url),
      ['/'],
    );
  });

  it('tells people of every operation, parameter and example what it is', () => {
    for (const { operation, method, path } of contract.operations) {
      for (const text of [operation.summary, operation.description]) assert.ok(text, `${method} ${path}`);
      for (const given of operation.parameters) {
        const { name, description, example } = contract.resolve(given);
        assert.ok(description.length > 10, `${name} of ${method} ${path}`);
        assert.notEqual(example, undefined, `${name} of ${method} ${path}`);
      }
      for (const [status, { content = {} }] of Object.entries(operation.responses)) {
        for (const { examples } of Object.values(content)) {
          const values = Object.values(examples).map((example) => contract.resolve(example));
          assert.ok(
            values.length > 0 && values.every(({ summary, value }) => summary !== '' && value !== undefined),
            `${status} of ${method} ${path}`,
          );
        }
      }
    }
  });
});

/** Routes that show the document are no part of what it describes. */
const OUTSIDE = ['get /docs', 'get /docs/rapidoc-9.3.8.js', 'get /openapi.json'];

/** Method and path of every route of the application, as the document writes them. */
function routesOf(router: unknown): string[] {
  const stack: unknown = Reflect.get(Object(router), 'stack');
  if (!Array.isArray(stack)) return [];
  return stack.flatMap(
    (layer: { route?: { path: string; methods: Record<string, boolean> }; handle: unknown }) => {
      if (layer.route === undefined) return routesOf(layer.handle);
      const path = layer.route.path.replaceAll(/:(\w+)/g, '{$1}');
      // `all` answers OPTIONS and refuses the rest, and every GET answers HEAD: the document says so once.
      return Object.keys(layer.route.methods).flatMap((method) =>
        method === '_all' ? [] : `${method} ${path}`,
      );
    },
  );
}

describe('routes', () => {
  it('are all in the document, and those of the document all exist', () => {
    const documented = contract.operations.map(({ method, path }) => `${method} ${path}`);
    // One may be met twice: by what refuses it early, and by what answers it.
    const routes = [...new Set(routesOf(app.router))];
    assert.deepEqual([...documented, ...OUTSIDE].toSorted(), routes.toSorted());
    assert.ok(documented.length >= 21);
  });

  it('are listed by GET / as in the document', async () => {
    const { routes }: { routes: string[] } = (await http.get('/')).body;
    const listed = routes.map((route) => route.replace(/\?.*/, ''));
    const documented = contract.operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    // What describes the routes is listed, and describes not itself.
    const about = ['GET /docs', 'GET /openapi.json'];
    assert.deepEqual(
      listed.toSorted(),
      [...documented.filter((route) => route !== 'GET /'), ...about].toSorted(),
    );
  });
});

describe('codes of errors', () => {
  /** A caller who left is told nothing. */
  const UNHEARD = ['cancelled'];

  it('that a request can meet are all documented at some route, with an example', () => {
    const documented = new Set<string>();
    for (const { operation } of contract.operations) {
      for (const [status, { content }] of Object.entries(operation.responses)) {
        const examples = content?.['application/problem+json']?.examples ?? {};
        for (const [code, example] of Object.entries(examples)) {
          const value: unknown = contract.resolve(example).value;
          assert.equal(Reflect.get(Object(value), 'code'), code);
          assert.equal(Reflect.get(Object(value), 'status'), Number(status));
          documented.add(code);
        }
      }
    }
    // Other failures of the machine or the index become `internal` only in what the log says.
    const met = Object.entries(ERRORS).filter(([code, { status }]) => status !== 500 || code === 'internal');
    assert.deepEqual([...documented, ...UNHEARD].toSorted(), met.map(([code]) => code).toSorted());
  });
});

describe('GET /openapi.json', () => {
  it('is JSON that is kept and asked about', async () => {
    const { headers, status } = await http.get('/openapi.json');
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'application/json; charset=utf-8');
    assert.equal(headers['cache-control'], 'no-cache');
    assert.match(String(headers.etag), /^"[\w-]{43}"$/);
    const again = await http.get('/openapi.json').set('If-None-Match', String(headers.etag));
    assert.equal(again.status, 304);
    assert.equal(again.text, '');
    assert.equal((await http.get('/openapi.json').set('If-None-Match', '"other"')).status, 200);
    const other = await supertest(appWith({ NEARPAPER_MAX_RESULTS: '7' })).get('/openapi.json');
    assert.notEqual(other.headers.etag, headers.etag);
  });
});

describe('GET /docs', () => {
  it('is a page that may load nothing but what this service sends', async () => {
    const { headers, text, status } = await http.get('/docs');
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'text/html; charset=utf-8');
    assert.equal(headers['cache-control'], 'no-cache');
    assert.match(String(headers.etag), /^"[\w-]{43}"$/);
    assert.equal((await http.get('/docs').set('If-None-Match', String(headers.etag))).status, 304);
    const policy = String(headers['content-security-policy']);
    assert.match(policy, /^default-src 'none'; script-src 'self';/);
    assert.doesNotMatch(policy, /\*|https?:|unsafe-eval|script-src[^;]*unsafe-inline/);
    assert.match(text, /load-fonts="false"/);
    assert.doesNotMatch(text, /\w+:\/\//, 'the address of another host');
    assert.doesNotMatch(text, /(?:src|href|url)\s*=\s*["']?\/\//, 'the address of another host');
  });

  it('names files that are there, relative to the page', async () => {
    const { text } = await http.get('/docs');
    const script = /<script type="module" src="([^"]+)">/.exec(text)?.[1];
    const spec = /spec-url="([^"]+)"/.exec(text)?.[1];
    assert.ok(script && spec);
    assert.equal(new URL(spec, 'http://x/prefix/docs').pathname, '/prefix/openapi.json');
    const { headers, status, body } = await http.get(new URL(script, 'http://x/docs').pathname).buffer();
    assert.equal(status, 200);
    assert.match(String(headers['content-type']), /^text\/javascript\b/);
    assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(Number(headers['content-length']), readFileSync(SCRIPT).length, String(body));
  });

  it('is found with a slash at the end too, at the address that its links are relative to', async () => {
    const { headers, status } = await http.get('/docs/');
    assert.equal(status, 308);
    assert.equal(new URL(String(headers.location), 'http://x/prefix/docs/').pathname, '/prefix/docs');
  });
});

const SCRIPT = join(packageRoot(), 'vendor', 'rapidoc', 'rapidoc-min.js');

describe('the vendored script', () => {
  it('is the one that its README names, of the version in its address', () => {
    const readme = readFileSync(join(packageRoot(), 'vendor', 'rapidoc', 'README.md'), 'utf8');
    const bytes = readFileSync(SCRIPT);
    assert.ok(readme.includes(createHash('sha256').update(bytes).digest('hex')));
    assert.match(bytes.toString('utf8', 0, 200), /RapiDoc 9\.3\.8/);
  });
});
