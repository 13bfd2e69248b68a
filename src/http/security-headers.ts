/**
 * Headers that keep browsers from doing anything with an answer but reading it as what it is. By hand, since each costs
 * every request: what else the package helmet sets is about pages, which only /docs is, or about TLS, which is the
 * proxy's.
 */

/** An answer is data: nothing is loaded for it, run in it, or drawn around it. /docs, which is a page, sets its own. */
const CONTENT_SECURITY_POLICY = "default-src 'none'; frame-ancestors 'none'";

/** Name and value, in the order in which they are sent. */
export type Headers = readonly (readonly [name: string, value: string])[];

/**
 * The headers of every answer. `crossOrigin`: pages of other origins may read answers, so that embedding them must not be
 * refused either.
 */
export function securityHeaders({ crossOrigin }: { crossOrigin: boolean }): Headers {
  return [
    ['X-Content-Type-Options', 'nosniff'],
    ['Content-Security-Policy', CONTENT_SECURITY_POLICY],
    ['Referrer-Policy', 'no-referrer'],
    // For browsers that do not know frame-ancestors.
    ['X-Frame-Options', 'DENY'],
    ['Cross-Origin-Resource-Policy', crossOrigin ? 'cross-origin' : 'same-origin'],
  ];
}
