/** A program of this folder in a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface ChildProgram {
  /** Where it listens. */
  url: string;
  /** Sends a message, and resolves with the next one that comes back. */
  ask(message: number): Promise<unknown>;
  stop(): Promise<void>;
}

/** Resolves when the program has written `ready on <url>`; what it writes later is read and dropped, as a log. */
export async function startProgram(file: string, args: readonly string[]): Promise<ChildProgram> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], {
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const { stdout } = child;
  if (stdout === null) throw new Error('the program has no output');
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)));
    const lines = createInterface({ input: stdout });
    lines.on('line', (line) => {
      const found = /^ready on (\S+)/.exec(line)?.[1];
      if (found === undefined) return;
      lines.close();
      stdout.resume();
      resolve(found);
    });
  });
  return {
    url,
    async ask(message) {
      child.send(message);
      const [answer] = await once(child, 'message');
      return answer;
    },
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}
