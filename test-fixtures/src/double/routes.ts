/** Where a call goes: a method and a path, whose segments are fixed or, with a colon, names for what stands there. */
export interface RoutePath {
  readonly method: string
  readonly segments: readonly string[]
}

/** A route with the segments that its names stand for. */
export interface FoundRoute<Route> {
  readonly route: Route
  /** What stands for the names, decoded. */
  readonly segments: ReadonlyMap<string, string>
}

/** `POST /stage/:owner/:name` as a method and segments. */
export function parseRoute(pattern: string): RoutePath {
  const [method = '', path = ''] = pattern.split(' ')
  return { method, segments: path.split('/').filter((segment) => segment !== '') }
}

/** The route of a call, or undefined: then nothing is known of it. A fixed segment goes before a name. */
export function findFit<Route extends RoutePath>(routes: readonly Route[], method: string, path: string): FoundRoute<Route> | undefined {
  const segments = path.split('/').filter((segment, at) => at > 0 || segment !== '')
  const given = segments.length === 1 && segments[0] === '' ? [] : segments
  const [route] = routes.filter((one) => one.method === method && isFit(one, given)).toSorted((a, b) => namesOf(a).length - namesOf(b).length)
  if (route === undefined) return undefined
  const named = route.segments.flatMap((segment, at): [string, string][] => (segment.startsWith(':') ? [[segment.slice(1), decode(given[at] ?? '')]] : []))
  return { route, segments: new Map(named) }
}

const namesOf = (one: RoutePath): string[] => one.segments.filter((segment) => segment.startsWith(':'))

const isFit = (one: RoutePath, given: readonly string[]): boolean =>
  one.segments.length === given.length && one.segments.every((segment, at) => (segment.startsWith(':') ? given[at] !== '' : segment === given[at]))

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
