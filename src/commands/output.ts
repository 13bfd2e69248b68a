/** How commands print: JSON for machines, lines for people. */
import { once } from 'node:events';

export function printJson(stdout: NodeJS.WriteStream, value: unknown): void {
  stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Prints a line, or several; whatever was read from elsewhere comes out inert. */
export function printLine(stream: NodeJS.WriteStream, line = ''): void {
  stream.write(`${inert(line)}\n`);
}

/** The text with a mark for each control character but line ends: a terminal would act on them. */
export function inert(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n]/gu, '\ufffd');
}

/**
 * Prints a line of a long output: waits while the reader is behind, so that memory does not fill. False once the
 * reader has gone. Rejects when the signal aborts.
 */
export async function printInTime(
  stream: NodeJS.WriteStream,
  line: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (!stream.writable) return false;
  if (stream.write(`${line}\n`)) return true;
  try {
    await once(stream, 'drain', { signal });
    return true;
  } catch {
    signal.throwIfAborted();
    // A reader that has seen enough; any other failure is reported where streams are watched.
    return false;
  }
}

/** Longer lines are hard to read, however wide the terminal is. */
const WIDEST = 120;
const NARROWEST = 60;

/** Columns to print in. Lines are broken for a terminal only: programs such as grep want them whole. */
export function widthOf(stream: NodeJS.WriteStream): number {
  if (!stream.isTTY) return Number.POSITIVE_INFINITY;
  return Math.min(WIDEST, Math.max(NARROWEST, stream.columns));
}

/**
 * Breaks a text between words so that no line is longer than `width`, where its words allow that. The first line
 * begins with `first`, the others with as many spaces.
 */
export function broken(text: string, first: string, width: number): string[] {
  const indent = ' '.repeat([...first].length);
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(/\s+/)) {
    if (!empty && [...line].length + 1 + [...word].length > width) {
      lines.push(line);
      line = indent;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line];
}
