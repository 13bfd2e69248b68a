/** What a service was doing when it was killed, by what it left in its folder, and killing it at such a moment. */
import { existsSync, readdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export const PHASES = [
  'start-up',
  'idle',
  'writing',
  'rebuild',
  'publish',
  'swap',
  'build',
  "rebuild's process",
] as const;
export type Phase = (typeof PHASES)[number];

const GENERATION = /^g(\d{6,})-/;
/** A generation and the one before it are kept: a third one is between its publishing and the end of the exchange. */
const KEPT = 2;

/** `underWay`: writes that were sent and not answered. */
export function phaseAtDeath(indexFolder: string, underWay: number): Phase {
  const generations = readdirSync(indexFolder).filter((name) => GENERATION.test(name));
  const current = numberOf(readFileSync(join(indexFolder, 'CURRENT'), 'utf8'));
  if (generations.some((name) => numberOf(name) > current)) return 'publish';
  if (generations.length > KEPT) return 'swap';
  if (existsSync(join(indexFolder, 'building'))) return 'rebuild';
  return underWay > 0 ? 'writing' : 'idle';
}

function numberOf(generation: string): number {
  return Number(GENERATION.exec(generation)?.[1] ?? 0);
}

/** What can be seen in the folder just before a short phase. */
export const SIGNS: readonly RegExp[] = [/^building$/, GENERATION, /^CURRENT/, /^changes-.*-journal$/];

/** Resolves `delay` ms after the sign appears, and after `most` ms where it never does. */
export async function momentAfter(
  sign: RegExp,
  indexFolder: string,
  delay: number,
  most: number,
): Promise<void> {
  const giveUp = AbortSignal.timeout(Math.ceil(most));
  await new Promise<void>((resolve) => {
    const watcher = watch(indexFolder, (_, file) => {
      if (file !== null && sign.test(file)) end();
    });
    const end = () => {
      watcher.close();
      giveUp.removeEventListener('abort', end);
      resolve();
    };
    giveUp.addEventListener('abort', end, { once: true });
  });
  await pause(delay);
}
