/** A small judged set, made at random once, and what the reference implementation says of it. */
import type { Grades } from '../../src/evaluation/metrics.js';

/** Grades from 0 to 3, papers beyond the pool among them; q3 has none above 1. */
const GRADES: Record<string, string> = {
  q0: '39:0 16:1 22:2 33:0 01:2 29:0 15:0 03:3 10:0 32:1 11:0 21:0 37:1',
  q1: '13:0 39:2 10:2 37:0 18:2 20:3 12:3 38:0 11:0 30:0 22:0 06:0 33:1 09:3 00:0 31:0 32:1 05:1 04:3 08:0 03:0 23:0',
  q2: '37:3 23:0 18:0 02:2 27:2 05:1 13:0 21:0 38:3 29:2 04:0 10:0 08:1 22:3 17:1 36:0 09:0 32:3 28:0 31:1 34:0 24:0 30:0 20:3 39:2 03:0',
  q3: '31:0 21:0 11:1 05:1 39:1 17:0 32:0 38:0 27:1',
  q4: '37:3 00:0 30:3 35:1 16:0 20:0 17:3 29:1 18:0 26:0 36:2 34:0 21:2 25:0 11:0 13:0 09:1',
};

const RANKINGS: Record<string, string> = {
  q0: '10 04 08 28 37 35 00 33',
  q1: '01 22 25 39 35 26 23 24 00 14 36 38 05 19 06 03 07 30 11 16 21 20 08 28 32',
  q2: '26 06 10 27 23 09 03 39 18 04 14 19 36 05 16 29 15 22 37 35 08 34 20 12 30 01 38 28 02 21',
  q3: '17 31 16 18 21 11',
  q4: '18 05 26 10 33 37 19 17 01 06 38 39 14 35 20 29 07 21 24 25 31 15 23 22 34 27 02 28 16 13 32 03 00 08 30 36 11 04 09 12',
};

const POOLS: Record<string, string> = {
  q0: '39 16 22 33 01 29 15 03 10 32 11',
  q1: '13 39 10 37 18 20 12 38 11 30 22 06 33 09 00 31 32 05 04 08',
  q2: '37 23 18 02 27 05 13 21 38 29 04 10 08 22 17 36 09 32 28 31 34 24 30 20',
  q3: '31 21 11 05 39 17 32',
  q4: '37 00 30 35 16 20 17 29 18 26 36 34 21 25 11',
};

export interface FixtureQuery {
  id: string;
  grades: Grades;
  ranking: string[];
  pool: string[];
}

export const FIXTURE: readonly FixtureQuery[] = Object.entries(GRADES).map(([id, grades]) => ({
  id,
  grades: new Map(
    grades.split(' ').map((entry) => {
      const [paper = '', grade] = entry.split(':');
      return [paper, Number(grade)];
    }),
  ),
  ranking: (RANKINGS[id] ?? '').split(' '),
  pool: (POOLS[id] ?? '').split(' '),
}));

/**
 * Printed by evaluate.py of the evaluation data for these judgements as qrels and these rankings as run: as they are,
 * with --threshold 2, and with --threshold 2 --pools.
 */
export const REFERENCE = [
  {
    threshold: 1,
    pooled: false,
    queries: 5,
    means: { MAP: 0.1171, 'nDCG@10': 0.1259, 'Recall@20': 0.3406, 'Recall@100': 0.5172, MRR: 0.2067 },
  },
  {
    threshold: 2,
    pooled: false,
    queries: 4,
    means: { MAP: 0.1087, 'nDCG@10': 0.1226, 'Recall@20': 0.3246, 'Recall@100': 0.5437, MRR: 0.1667 },
  },
  {
    threshold: 2,
    pooled: true,
    queries: 4,
    means: {
      MAP: 0.3247,
      'nDCG@10': 0.3597,
      'NDCG%20': 0.1664,
      'Recall@20': 0.9444,
      'Recall@100': 0.9722,
      MRR: 0.3833,
    },
  },
] as const;
