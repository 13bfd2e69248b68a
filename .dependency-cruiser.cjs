/** The architecture as rules: imports go one way, and no vendor's types leave the folder that wraps it. */
const rooms = [
  'papers',
  'embedding',
  'vectors',
  'keywords',
  'generations',
  'build',
  'changes',
  'recommend',
  'evaluation',
  'sources',
  'http',
  'commands',
];

/** What each room may import, besides itself and src/errors.ts. */
const allowed = {
  papers: [],
  embedding: [],
  vectors: [],
  keywords: [],
  generations: ['papers', 'vectors', 'keywords'],
  recommend: ['papers', 'embedding', 'vectors', 'keywords'],
  build: ['papers', 'embedding', 'vectors', 'keywords', 'generations', 'recommend'],
  changes: ['papers', 'embedding', 'vectors', 'keywords', 'generations', 'build'],
  evaluation: ['papers', 'recommend'],
  sources: ['papers'],
  http: ['generations', 'recommend', 'changes'],
  commands: [
    'papers',
    'embedding',
    'vectors',
    'keywords',
    'generations',
    'recommend',
    'build',
    'evaluation',
    'sources',
  ],
};

/** Shared by all rooms: failures, where the package lies, and small parts that siblings need. */
const shared =
  '^src/(errors|queue-limit|package-root|label-set|pacing|row-of|index-file|top-k|text-folding|web-assembly)\\.ts$';

/** Settings are a plain value; the front rooms know its type. The entries are for the commands only. */
const extra = { http: '|^src/config\\.ts$', commands: '|^src/(config|server|open-corpus)\\.ts$' };

const oneWay = rooms.map((room) => ({
  name: `${room}-imports-one-way`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: {
    path: '^src/',
    pathNot: `${shared}|^src/(${[room, ...allowed[room]].join('|')})/${extra[room] ?? ''}`,
  },
}));

const vendors = {
  'hnswlib-node': 'src/vectors/',
  'better-sqlite3': 'src/papers/',
  '@huggingface/transformers': 'src/embedding/',
  'onnxruntime-node': 'src/embedding/',
  stemmer: 'src/keywords/',
  express: 'src/http/',
  'prom-client': 'src/http/',
  cors: 'src/http/',
  commander: 'src/commands/',
  'csv-parse': 'src/papers/formats/',
  'stream-json': 'src/papers/formats/',
  saxes: 'src/papers/formats/',
  htmlparser2: 'src/papers/formats/',
  '@citation-js': 'src/papers/formats/',
  'p-retry': 'src/sources/',
  chokidar: 'src/commands/',
};

const confined = Object.entries(vendors).map(([vendor, folder]) => ({
  name: `${vendor}-stays-in-${folder}`,
  severity: 'error',
  from: { path: '^src/', pathNot: `^${folder}` },
  to: { path: `node_modules/(@types/)?${vendor}/` },
}));

module.exports = {
  forbidden: [
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphan',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: '^src/(cli|rebuild-process)\\.ts$' },
      to: {},
    },
    {
      name: 'production-does-not-import-tests',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|benchmarks)/' },
    },
    ...oneWay,
    ...confined,
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    // AssemblyScript, which has modules of its own: see docs/adr/0017.
    exclude: { path: '^src/[^/]+/kernel/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
