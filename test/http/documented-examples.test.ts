/** Every request that the OpenAPI document shows, sent to a running service, and its answer held against the document. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { EXAMPLE_KEY } from '../../src/http/openapi/examples.js';
import { SHARED, type SharedCode, WHEN } from '../../src/http/openapi/problems.js';
import { packageRoot } from '../../src/package-root.js';
import { SAMPLE_SIZE, sampleIndex } from '../support/corpus.js';
import { type Answered, assertProblem } from '../support/problems.js';
import { serveIndex, type TestService } from '../support/service.js';
import { afterFile } from '../support/temporary-folder.js';
import { allowedRequests } from './allowed-requests.js';
import { AUTHORISED, PROVOKERS, rebuilt, type SentRequest, send } from './documented-requests.js';
import {
  Contract,
  type DocumentedExample,
  type DocumentedParameter,
  type Place,
} from './openapi-document.js';

const file = afterFile();
const index = await sampleIndex(file);
const served: TestService = await serveIndex(file, index, { adminKey: EXAMPLE_KEY });
const contract = new Contract((await served.http.get('/openapi.json')).body);
const ids: string[] = [];
before(async () => {
  const { body } = await served.http.get('/v1/papers?limit=100&fields=id');
  ids.push(...body.papers.map(({ id }: { id: string }) => id));
  assert.equal(ids.length, SAMPLE_SIZE);
});

/** What an operation needs whatever it is asked: a key, and NDJSON to be called so. */
function headersFor({ operation }: Place): Record<string, string> {
  const admin = operation.security?.some((scheme) => 'adminKey' in scheme);
  const [mediaType] = Object.keys(operation.requestBody?.content ?? {});
  return {
    ...(admin ? AUTHORISED : {}),
    ...(mediaType === undefined ? {} : { 'Content-Type': mediaType }),
  };
}

const SETTLED_ELSEWHERE = new Set(['generation', 'fingerprint', 'requestId', 'version', 'since', 'progress']);
const COUNTS = new Set(['size', 'papers', 'count', 'status', 'pairs', 'terms', 'k', 'queries']);

/**
 * Asserts that an answer is the one that the document shows: the same papers in the same order, cosines to within what
 * another processor makes of an 8-bit model. What differs from build to build may differ.
 */
function assertSame(shown: unknown, real: unknown, at = ''): void {
  const key = at.slice(at.lastIndexOf('.') + 1);
  if (SETTLED_ELSEWHERE.has(key) || (key === 'created' && typeof shown === 'string')) return;
  if (typeof shown === 'number' && typeof real === 'number' && !COUNTS.has(key)) {
    assert.ok(Math.abs(shown - real) <= 0.05 * Math.max(1, Math.abs(shown)), `${at}: ${shown} is ${real}`);
  } else if (typeof shown !== 'object' || shown === null || typeof real !== 'object' || real === null) {
    assert.deepEqual(real, shown, at);
  } else {
    assert.deepEqual(Object.keys(real), Object.keys(shown), at);
    for (const [name, value] of Object.entries(shown))
      assertSame(value, Reflect.get(real, name), `${at}.${name}`);
  }
}

function assertShown(example: DocumentedExample, { headers, text, status }: Answered): void {
  if (String(headers['content-type']).includes('ndjson')) {
    const lines = (of: string) =>
      of
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
    assertSame(lines(String(example.value)), lines(text));
    return;
  }
  if (!String(headers['content-type']).includes('json')) {
    const shown = String(example.value).split('\n');
    const values = shown.map((line) => line.replace(/ \d+$/, ' '));
    for (const line of values) assert.ok(text.includes(line), line);
  } else if (status < 400) assertSame(example.value, JSON.parse(text));
  else {
    // How a parser words its complaint is not part of the contract.
    const { detail: _shown, ...shown } = Object(example.value);
    const { detail: _real, ...real } = JSON.parse(text);
    assertSame(shown, real);
  }
}

/** The path of a request with these parameters, each as its `style` and `explode` say. */
function pathWith(
  path: string,
  parameters: readonly DocumentedParameter[],
  values: Record<string, unknown>,
): string {
  const query = new URLSearchParams();
  let filled = path;
  for (const { name, in: where, style, explode } of parameters) {
    const value = values[name];
    if (value === undefined) continue;
    if (where === 'path') filled = filled.replace(`{${name}}`, encodeURIComponent(String(value)));
    if (where !== 'query') continue;
    if (Array.isArray(value)) {
      assert.deepEqual([style, explode], ['form', true]);
      for (const one of value) query.append(name, String(one));
    } else query.append(name, String(value));
  }
  return query.size === 0 ? filled : `${filled}?${query}`;
}

describe('every documented example of an answer', () => {
  for (const place of contract.operations) {
    const { method, path, operation } = place;
    // What is made comes before what is said of it when it is there.
    const responses = Object.entries(operation.responses).toSorted(
      ([a], [b]) => Number(b === '201') - Number(a === '201'),
    );
    for (const [status, { content = {} }] of responses) {
      for (const [type, { examples }] of Object.entries(content)) {
        for (const [name, given] of Object.entries(examples)) {
          const example = contract.resolve(given);
          const request = example['x-request'];
          if (request === undefined) continue;
          // An example that several operations share is sent where it belongs.
          const own = '$ref' in given === false;
          it(`${method} ${path} ${status} ${name} is what the service answers`, async () => {
            const response = await send(served.url, request);
            assert.equal(response.status, Number(status));
            assert.ok(String(response.headers['content-type']).startsWith(type));
            assertShown(example, response);
            if (own) contract.assertAnswer(place, response);
            if (path.startsWith('/v1/admin/')) await rebuilt(served.url);
            if (status !== '200' || method !== 'get' || !('304' in operation.responses)) return;
            const known = await send(served.url, {
              ...request,
              headers: { 'If-None-Match': String(response.headers.etag) },
            });
            assert.equal(known.status, 304);
            contract.assertAnswer(place, known);
          });
        }
      }
    }
  }
});

describe('every documented parameter', () => {
  for (const place of contract.operations) {
    const parameters = place.operation.parameters.map((given) => contract.resolve(given));
    const examples = Object.fromEntries(parameters.map(({ name, example }) => [name, example]));
    const required = Object.fromEntries(
      parameters.filter((one) => one.required).map(({ name, example }) => [name, example]),
    );
    for (const { name, in: where, schema } of parameters) {
      it(`${name} of ${place.method} ${place.path} works with its example`, async () => {
        contract.assertFits(examples[name], schema, name);
        if (place.method !== 'get') return;
        const path = pathWith(place.path, parameters, { ...required, [name]: examples[name] });
        const given = where === 'header' ? { [name]: String(examples[name]) } : {};
        const headers = { ...headersFor(place), ...given };
        const response = await send(served.url, { method: 'get', path, headers });
        assert.equal(response.status, 200, response.text);
        contract.assertAnswer(place, response);
        if (name === 'X-Request-Id') assert.equal(response.headers['x-request-id'], examples[name]);
      });
      if (name !== 'fields' && name !== 'category') continue;
      it(`${name} of ${place.method} ${place.path} may hold several values separated by commas`, async () => {
        const values = examples[name];
        assert.ok(Array.isArray(values) && values.length > 1);
        const ask = async (value: unknown) =>
          (await served.http.get(pathWith(place.path, parameters, { ...required, [name]: value }))).text;
        assert.equal(await ask(values.join()), await ask(values));
        assert.notEqual(await ask(values), await ask(undefined));
      });
    }
    it(`those of ${place.method} ${place.path} are all that it takes`, async () => {
      const { status, text } = await send(served.url, {
        method: place.method,
        path: pathWith(`${place.path}?nonsense=1`, parameters, { id: examples.id }),
        headers: headersFor(place),
        ...(place.method === 'post' || place.method === 'put' ? { body: {} } : {}),
      });
      if (/^\/(livez|readyz|metrics)$/.test(place.path)) assert.equal(status, 200);
      else {
        const { accepted } = JSON.parse(text);
        const names = parameters.filter((one) => one.in === 'query').map((one) => one.name);
        assert.equal(accepted, names.length === 0 ? 'no parameters' : names.join(', '));
      }
    });
  }
});

describe('every documented body', () => {
  for (const place of contract.operations) {
    const { examples = {} } = place.operation.requestBody?.content['application/json'] ?? {};
    for (const [name, given] of Object.entries(examples)) {
      it(`${name} of ${place.method} ${place.path} fits its schema and is answered`, async () => {
        const { value } = contract.resolve(given);
        const { method, path } = place;
        contract.assertValid(
          value,
          ['paths', path, method, 'requestBody', 'content', 'application/json', 'schema'],
          name,
        );
        // Of one paper: that it is answered is seen where the whole request is shown.
        if (path.includes('{id}')) return;
        const response = await send(served.url, { method, path, headers: headersFor(place), body: value });
        assert.ok(response.status < 300, response.text);
        contract.assertAnswer(place, response);
        if (path.startsWith('/v1/admin/')) await rebuilt(served.url);
      });
    }
    if (place.operation.requestBody !== undefined) {
      it(`${place.method} ${place.path} has one at all`, () => {
        const [media] = Object.values(place.operation.requestBody?.content ?? {});
        assert.ok(media && Object.keys(media.examples).length > 0);
      });
    }
  }
});

describe('every documented failure that takes more than a request', () => {
  for (const [code, request] of Object.entries(SHARED)) {
    if ('path' in request) continue;
    it(`${code} is answered as the document shows`, async (t) => {
      const provoke = PROVOKERS[code as SharedCode];
      assert.ok(provoke, 'something must bring it about');
      const response = await provoke({ t, served, index });
      assertProblem(response, code as SharedCode);
      const example = contract.document.components.examples?.[code] as DocumentedExample;
      assertShown(example, response);
      const places = contract.operations.filter(({ operation }) =>
        Object.values(operation.responses).some(
          ({ content }) => code in (content?.['application/problem+json']?.examples ?? {}),
        ),
      );
      assert.ok(places.length > 0);
      for (const place of places) contract.assertAnswer(place, response);
    });
  }
});

describe('any request that the document allows', () => {
  for (const place of contract.operations) {
    const { method, path, operation } = place;
    const id = operation.operationId;
    // Those that take nothing, and what would be done for each of many requests anew.
    if (operation.parameters.length <= 2 && operation.requestBody === undefined) continue;
    if (id === 'reembed') continue;
    it(`${id} gets an answer that the document describes`, async () => {
      const arbitrary = allowedRequests(ids)[id];
      assert.ok(arbitrary, `no requests for ${id}`);
      const parameters = operation.parameters.map((given) => contract.resolve(given));
      const statuses = new Set<number>();
      await fc.assert(
        fc.asyncProperty(arbitrary, async (request) => {
          const values: Record<string, unknown> = { ...request };
          const headers = headersFor(place);
          const filled = pathWith(path, parameters, values);
          const sent: SentRequest =
            operation.requestBody === undefined
              ? { method, path: filled, headers }
              : { method, path: filled, headers, body: values.lines ?? values };
          if (operation.requestBody?.content['application/json'] !== undefined) {
            contract.assertValid(
              values,
              ['paths', path, method, 'requestBody', 'content', 'application/json', 'schema'],
              id,
            );
          }
          for (const { name, schema } of operation.requestBody === undefined ? parameters : []) {
            if (values[name] !== undefined) contract.assertFits(values[name], schema, name);
          }
          const response = await send(served.url, sent);
          statuses.add(response.status);
          // Ids that the corpus does not have are all that may go wrong.
          if (response.status >= 300) assertProblem(response, 'unknown_paper');
          contract.assertAnswer(place, response);
        }),
        { numRuns: 40, seed: 20240529 },
      );
      assert.ok(statuses.has(200));
    });
  }
});

/** The request that a curl command of the documentation makes. */
function requestOf(command: string): SentRequest {
  const [, address = ''] = /^curl '?http:\/\/localhost:8080([^' \n]+)/.exec(command) ?? [];
  const [, json] = /--json '([^']+)'/.exec(command) ?? [];
  const [, data] = /--data-binary '([^']+)'/.exec(command) ?? [];
  const [, method] = / -X ([A-Z]+)/.exec(command) ?? [];
  const body = data ?? (json === undefined ? undefined : JSON.parse(json));
  const headers = [...command.matchAll(/ -H '([^:]+): ([^']+)'/g)].map(([, name, value]) => [name, value]);
  return {
    method: (method ?? (body === undefined ? 'GET' : 'POST')).toLowerCase() as SentRequest['method'],
    path: address,
    headers: Object.fromEntries(headers),
    ...(body === undefined ? {} : { body }),
  };
}

describe('docs/api.md', () => {
  const text = readFileSync(join(packageRoot(), 'docs', 'api.md'), 'utf8');
  const commands = [...text.matchAll(/^curl (?:'[^']*'|[^'\n])+$/gm)].map(([command]) => requestOf(command));

  for (const request of commands) {
    it(`shows a request that works: ${request.method} ${request.path.slice(0, 60)}`, async () => {
      const response = await send(served.url, request);
      assert.ok(response.status < 300, response.text);
      assert.doesNotMatch(response.text, /"(?:results|papers)":\[\]/);
      if (request.path.startsWith('/v1/admin/')) await rebuilt(served.url);
    });
  }

  it('shows requests, all in that form, and tells every code of an error and of a warning', () => {
    assert.equal(commands.length, text.match(/\bcurl\b/g)?.length);
    assert.ok(commands.length >= 14);
    const met = Object.keys(WHEN);
    const warned = JSON.stringify(contract.document.components.schemas?.Warning).matchAll(/"const":"(\w+)"/g);
    const codes = [...met, ...Array.from(warned, ([, code]) => code)];
    for (const code of codes) assert.ok(text.includes(`\`${code}\``), `docs/api.md lacks ${code}`);
    assert.equal(codes.length, met.length + 7);
  });
});
