/** How many line feeds there are in a text. */
export function lineBreaksIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

/** A text that arrives in pieces with CRLF and CR made LF. */
export async function* withLineFeeds(text: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  let endedInCr = false;
  for await (const raw of text) {
    if (raw === '') continue;
    const piece = endedInCr && raw.startsWith('\n') ? raw.slice(1) : raw;
    endedInCr = raw.endsWith('\r');
    yield piece.includes('\r') ? piece.replaceAll(/\r\n?/g, '\n') : piece;
  }
}
