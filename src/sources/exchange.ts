/** One request by HTTP and the whole of its answer, bounded in size and in silence. */
import { messageOf, NearpaperError, systemCode } from '../errors.js';
import { Transient } from './transient.js';

/** Of the unpacked body. No page of a source comes near it. */
const MOST_BYTES = 64 * 1024 * 1024;

export interface ExchangeOptions {
  userAgent: string;
  accept: string;
  /** How the source is called in messages. */
  label: string;
  /** Milliseconds without a byte after which the answer is given up. */
  silenceMs: number;
  signal: AbortSignal;
}

export interface Answer {
  status: number;
  headers: Headers;
  /** The body, unpacked. */
  chunks: Uint8Array[];
}

/** The system's names for "there is no way to that host from here, or nobody there". */
const OFFLINE_CODES: ReadonlySet<string> = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ENETDOWN',
]);

/**
 * Asks once, following no redirect. Errors: `Transient` when the connection fails, is cut or falls silent;
 * `source_refused` for a body over MOST_BYTES; the signal's reason.
 */
export async function exchange(url: URL, options: ExchangeOptions): Promise<Answer> {
  const { userAgent, accept, label, silenceMs, signal } = options;
  signal.throwIfAborted();
  const controller = new AbortController();
  const stop = () => controller.abort();
  signal.addEventListener('abort', stop, { once: true });
  let isSilent = false;
  const silence = setTimeout(() => {
    isSilent = true;
    controller.abort();
  }, silenceMs);
  try {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { 'User-Agent': userAgent, Accept: accept },
      signal: controller.signal,
    });
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of response.body ?? []) {
      silence.refresh();
      bytes += chunk.length;
      if (bytes > MOST_BYTES) throw tooLarge(label);
      chunks.push(chunk);
    }
    return { status: response.status, headers: response.headers, chunks };
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown instanceof NearpaperError) throw thrown;
    if (isSilent) throw new Transient(`no byte for ${Math.ceil(silenceMs / 1000)} s`, { cause: thrown });
    throw failureOf(url, thrown);
  } finally {
    clearTimeout(silence);
    signal.removeEventListener('abort', stop);
  }
}

function tooLarge(label: string): NearpaperError {
  const message = `${label} answered with more than ${MOST_BYTES / 1024 / 1024} MiB, which no page of it has. Check the URL.`;
  return new NearpaperError('source_refused', message);
}

/** `fetch` says "fetch failed" or "terminated"; its cause says why. */
function failureOf(url: URL, thrown: unknown): Transient {
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  const code = systemCode(cause);
  if (code !== undefined && OFFLINE_CODES.has(code))
    return new Transient(code, { unreachable: url.host, cause: thrown });
  return new Transient(`the connection failed: ${code ?? messageOf(cause)}`, { cause: thrown });
}
