/** What every answer carries, and what a corpus that an attacker wrote can make of one: nothing. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { packageRoot } from '../../src/package-root.js';
import { indexOf } from '../support/corpus.js';
import { HOSTILE_IDS, HOSTILE_PAPERS } from '../support/hostile-corpus.js';
import { type Answered, assertProblem } from '../support/problems.js';
import { sendRaw } from '../support/raw-http.js';
import { serveIndex, type TestService } from '../support/service.js';
import { afterFile } from '../support/temporary-folder.js';

const file = afterFile();
let served: TestService;
let index: string;
before(async () => {
  index = await indexOf(file, HOSTILE_PAPERS);
  served = await serveIndex(file, index);
});

const DATA_POLICY = "default-src 'none'; frame-ancestors 'none'";

function assertGuarded({ headers }: Pick<Answered, 'headers'>, what: string, resource = 'same-origin'): void {
  assert.equal(headers['x-content-type-options'], 'nosniff', what);
  assert.equal(headers['referrer-policy'], 'no-referrer', what);
  assert.equal(headers['x-frame-options'], 'DENY', what);
  assert.equal(headers['cross-origin-resource-policy'], resource, what);
  assert.match(
    String(headers['content-security-policy']),
    /default-src 'none'.*frame-ancestors 'none'/,
    what,
  );
  assert.equal(headers.server, undefined, what);
  assert.equal(headers['x-powered-by'], undefined, what);
}

async function ask(path: string, init?: RequestInit, url = served.url): Promise<Answered> {
  const response = await fetch(url + path, { redirect: 'manual', ...init });
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    text: await response.text(),
  };
}

const postJson = (path: string, body: unknown): Promise<Answered> =>
  ask(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

/** Answers of all kinds: found, not found, refused, redirected, without a body, from files. */
const ASKED: [what: string, ask: () => Promise<Answered>, status: number][] = [
  ['a list', () => ask('/v1/papers'), 200],
  ['a search', () => postJson('/v1/search', { q: 'models' }), 200],
  ['a probe', () => ask('/livez'), 200],
  ['metrics', () => ask('/metrics'), 200],
  ['the contract', () => ask('/openapi.json'), 200],
  ['the page of the contract', () => ask('/docs'), 200],
  ['its script', () => ask('/docs/rapidoc-9.3.8.js'), 200],
  ['a redirect', () => ask('/docs/'), 308],
  ['HEAD', () => ask('/v1/papers', { method: 'HEAD' }), 200],
  ['OPTIONS', () => ask('/v1/papers', { method: 'OPTIONS' }), 204],
  ['no route', () => ask('/nowhere'), 404],
  ['a malformed address', () => ask('/v1/papers/%zz'), 400],
  ['a broken body', () => postJson('/v1/search', '{'), 400],
  ['a method that is not possible', () => ask('/v1/search', { method: 'DELETE' }), 405],
  ['a write without a key', () => ask('/v1/papers/x', { method: 'DELETE' }), 403],
];

describe('every answer', () => {
  for (const [what, asking, status] of ASKED) {
    it(`tells browsers to do nothing with it but read it: ${what}`, async () => {
      const response = await asking();
      assert.equal(response.status, status);
      assertGuarded(response, what);
      if (!what.includes('page')) assert.equal(response.headers['content-security-policy'], DATA_POLICY);
    });
  }

  it('does so when the request was no HTTP, or too large', async () => {
    assertGuarded(await sendRaw(served.port, 'hello\r\n\r\n'), 'no HTTP');
    const large = `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(70_000)}\r\n\r\n`;
    assertGuarded(await sendRaw(served.port, large), 'large headers');
  });

  it('may be embedded by other origins where they may read it', async (t) => {
    const open = await serveIndex(t, index, { corsOrigins: ['https://papers.example.org'] });
    const init = { headers: { Origin: 'https://papers.example.org' } };
    const response = await ask('/v1/papers', init, open.url);
    assertGuarded(response, 'with CORS', 'cross-origin');
    assert.equal(response.headers['access-control-allow-origin'], 'https://papers.example.org');
  });
});

describe('the page of the contract', () => {
  it('loads and asks nothing but this service, and sends no form', async () => {
    const { headers, text } = await ask('/docs');
    const policy = String(headers['content-security-policy']);
    const sources = policy.split('; ').filter((rule) => !rule.startsWith('style-src'));
    for (const rule of sources) assert.match(rule, /^[a-z-]+( 'none'| 'self')( data:)?$/);
    assert.match(policy, /(^|; )form-action 'none'(;|$)/);
    assert.doesNotMatch(text, /(src|href|url)="(https?:)?\/\//);
  });

  it('shows nothing of the corpus, and neither does the contract', async () => {
    for (const path of ['/docs', '/openapi.json']) {
      const { text } = await ask(path);
      for (const { title } of HOSTILE_PAPERS) assert.ok(!text.includes(title.slice(0, 25)), path);
    }
  });
});

/** Every route that takes an id, in each place where it takes one. */
const WITH_ID: [what: string, ask: (id: string) => Promise<Answered>][] = [
  ['a paper', (id) => ask(`/v1/papers/${encodeURIComponent(id)}`)],
  ['similar papers', (id) => ask(`/v1/papers/${encodeURIComponent(id)}/similar`)],
  ['recommendations', (id) => ask(`/v1/recommendations?positive=${encodeURIComponent(id)}`)],
  ['recommendations by POST', (id) => postJson('/v1/recommendations', { positives: [{ id }] })],
  ['a lookup', (id) => postJson('/v1/papers/lookup', { ids: [id] })],
  ['a batch', (id) => postJson('/v1/batch', { requests: [{ similar: { id } }] })],
  ['a search among ids', (id) => postJson('/v1/search', { q: 'models', ids: [id] })],
  ['a deletion', (id) => ask(`/v1/papers/${encodeURIComponent(id)}`, { method: 'DELETE' })],
];
const FILES = ['../package.json', '../../../../etc/hostname', '/etc/hostname', 'CURRENT', './CURRENT'];
const MORE_FILES = [
  '..%2f..%2fetc%2fhostname',
  'x\0/../CURRENT',
  '....//CURRENT',
  '\\\\server\\share',
  '~/.env',
];

describe('an id', () => {
  // URL parsers take . and .. away, also percent-encoded: such a paper is asked for by POST.
  const inPaths = HOSTILE_IDS.filter((id) => !/^\.+$/.test(id));

  it('that looks like a path or a script is an id like any other', async () => {
    for (const id of inPaths) {
      const paper = await ask(`/v1/papers/${encodeURIComponent(id)}`);
      assert.equal(JSON.parse(paper.text).id, id);
    }
    const all = await postJson('/v1/papers/lookup', { ids: HOSTILE_IDS });
    const found = JSON.parse(all.text).papers.map(({ paper }: { paper: { id: string } }) => paper.id);
    assert.deepEqual(found, HOSTILE_IDS);
  });

  it('of no paper reaches no file, whatever route it is sent to', async () => {
    for (const id of [...FILES, ...MORE_FILES]) {
      for (const [what, asking] of WITH_ID) {
        const { status, text } = await asking(id);
        assert.ok(status < 500, `${what} of ${id}: ${text}`);
        assert.doesNotMatch(text, /"(dependencies|generation_name|manifest)"|^g0|root:/m, `${what} of ${id}`);
        if (status >= 400) assert.match(text, /"code":"(unknown_paper|writes_off|invalid_\w+)"/, text);
      }
    }
  });

  it('cannot be: no module that answers requests reads files, but for the page of the contract', () => {
    const readers: string[] = [];
    for (const room of ['http', 'recommend']) {
      const folder = join(packageRoot(), 'dist', 'src', room);
      for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
        if (!name.endsWith('.js')) continue;
        const code = readFileSync(join(folder, name), 'utf8');
        if (/from '(node:)?(fs|child_process)|sendFile|express\.static/.test(code)) readers.push(name);
      }
    }
    assert.deepEqual(readers, [join('routes', 'docs.js')]);
  });

  it('is not looked for among the assets of that page either', async () => {
    for (const path of [
      '..%2f..%2fpackage.json',
      '%2e%2e/%2e%2e/package.json',
      '..%5cpackage.json',
      'LICENSE',
    ]) {
      assertProblem(await ask(`/docs/${path}`), 'not_found');
    }
    const raw = 'GET /docs/../../package.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    assertProblem(await sendRaw(served.port, raw), 'not_found');
  });
});

describe('a hostile corpus', () => {
  it('is answered as JSON that is said to be nothing else, without control characters', async () => {
    const answers = [
      await ask('/v1/papers?limit=100'),
      await ask(`/v1/papers/${encodeURIComponent(HOSTILE_IDS[0] ?? '')}/similar?explain=true`),
      await postJson('/v1/search', { q: 'language models', explain: true }),
      await postJson('/v1/recommendations', { positives: [{ id: HOSTILE_IDS[1] }], explain: true }),
      await postJson('/v1/batch', { requests: [{ search: { q: '<script>' } }] }),
    ];
    for (const response of answers) {
      assert.equal(response.status, 200);
      assert.equal(response.headers['content-type'], 'application/json; charset=utf-8');
      assertGuarded(response, 'a hostile corpus');
      // Nothing that ends a line or that a terminal acts on, not even escaped: it was taken out when it was read.
      assert.doesNotMatch(response.text, /\p{Cc}|\\u00[01]|\\[nrbft]/u);
    }
  });

  it('keeps no address that a browser would run', async () => {
    const { papers } = JSON.parse((await ask('/v1/papers?limit=100')).text);
    assert.equal(papers.length, HOSTILE_IDS.length);
    for (const { url } of papers) assert.match(String(url), /^(null|https:\/\/example\.org\/.*)$/);
  });

  it('is repeated in no problem as anything but JSON', async () => {
    for (const text of ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>']) {
      const response = await ask(`/v1/papers?${encodeURIComponent(text)}=${encodeURIComponent(text)}`);
      assertProblem(response, 'unknown_parameter');
      assertGuarded(response, text);
    }
  });
});
