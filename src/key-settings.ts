/** The settings that hold keys. What is wrong with one is told without showing any of it. */
import { z } from 'zod';

/** A key that lets its holder read, so many requests (points) in so many seconds. */
export interface ReadKey {
  /** What the log and the metrics call its holder. */
  name: string;
  key: string;
  points: number;
  seconds: number;
}

/** What the log calls the holder of the admin key; hence no read key's name. */
export const ADMIN_NAME = 'admin';

/** What a header can carry, without white space. */
const KEY = /^[\x21-\x7e]{16,}$/;
const KEY_RULE = '16 or more visible ASCII characters without white space';
const NAME = /^[a-z0-9-]{1,32}$/;
const RATE = /^([1-9]\d{0,8})\/([sm])$/;
const SECONDS: Record<string, number> = { s: 1, m: 60 };

export const adminKeySetting = z.string().regex(KEY, `must be ${KEY_RULE}`).optional();

/** `name:key:rate`, separated by commas; every entry that cannot be used is told, by its position. */
export const readKeysSetting = z
  .string()
  .transform((text, context): ReadKey[] => {
    const keys = text.split(',').map((entry, i) => {
      const read = readEntry(entry.trim());
      if (typeof read !== 'string') return read;
      context.addIssue({ code: 'custom', message: `entry ${i + 1} ${read}` });
      return null;
    });
    for (const [i, one] of keys.entries()) {
      const before = keys.slice(0, i);
      for (const member of ['name', 'key'] as const) {
        const twin = before.findIndex((other) => other !== null && other[member] === one?.[member]);
        if (twin === -1) continue;
        const message = `entry ${i + 1} has the ${member} of entry ${twin + 1}`;
        context.addIssue({ code: 'custom', message });
      }
    }
    return keys.filter((one) => one !== null);
  })
  .default([]);

/** The key that an entry stands for, or what is wrong with it. */
function readEntry(entry: string): ReadKey | string {
  const parts = entry.split(':');
  const [name = '', key = '', rate = ''] = parts;
  if (parts.length !== 3) return 'must be name:key:rate; a key has no comma and no colon';
  if (!NAME.test(name)) return 'must have a name of 1 to 32 of a-z, 0-9 and -';
  if (name === ADMIN_NAME) return `must have another name than ${ADMIN_NAME}`;
  if (!KEY.test(key)) return `must have a key of ${KEY_RULE}`;
  const [, points, unit = ''] = RATE.exec(rate) ?? [];
  const seconds = SECONDS[unit];
  if (seconds === undefined) return 'must have a rate such as 50/s or 600/m';
  return { name, key, points: Number(points), seconds };
}

/** Whether the admin key is also given to a reader, who could write then. Takes the settings as they were typed. */
export function isAlsoReadKey(adminKey: string | undefined, readKeys: string | undefined): boolean {
  if (adminKey === undefined || readKeys === undefined) return false;
  return readKeys.split(',').some((entry) => entry.split(':')[1] === adminKey);
}
