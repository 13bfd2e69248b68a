/** What values of settings may be, and the messages for those that may not. */
import { availableParallelism } from 'node:os';
import { z } from 'zod';

export const lowerCase = (value: unknown) => (typeof value === 'string' ? value.toLowerCase() : value);

const anyWholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be a whole number from ${min} to ${max}`);

export const wholeNumber = (min: number, max: number, fallback: number) =>
  anyWholeNumber(min, max).default(fallback);

/** Null where it is not set. */
export const wholeNumberOrUnset = (min: number, max: number) =>
  anyWholeNumber(min, max)
    .optional()
    .transform((value) => value ?? null);

export const oneOf = <const T extends readonly [string, ...string[]]>(choices: T, fallback: T[number]) =>
  z.enum(choices, `must be one of ${choices.join(', ')}`).default(fallback);

/** One a core, fewer where a container's memory would not hold them: a worker takes up to 200 MB, the rest 400. */
export function defaultWorkers(): number {
  // 0 or absurdly large where there is no limit.
  const limit = process.constrainedMemory();
  const fitting = limit > 0 ? Math.floor((limit / 2 ** 20 - 400) / 200) : Number.POSITIVE_INFINITY;
  return Math.max(1, Math.min(64, availableParallelism(), fitting));
}

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export const origins = z
  .string()
  .transform((text) => text.split(',').map((origin) => origin.trim()))
  .refine((list) => list.every((origin) => origin === '*' || isOrigin(origin)), {
    message: 'must be * or origins such as https://example.org, separated by commas',
  })
  .default([]);

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}
