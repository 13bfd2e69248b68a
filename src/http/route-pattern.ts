import type { Request } from 'express';

/** The pattern that a request met, such as /v1/papers/:id; undefined while, or when, no route has taken it. */
export function routePattern(request: Request): string | undefined {
  const route: unknown = request.route;
  if (typeof route !== 'object' || route === null || !('path' in route)) return undefined;
  return typeof route.path === 'string' ? route.path : undefined;
}
