/** What a request asks for, as a path below the mirror. */
export interface RequestPath {
  /** Decoded, each the name of a file or folder that may be served: no dot-file, no `..`, no separator. */
  readonly segments: readonly string[]
  /** That of a `/t/<token>/` prefix, which is not among the segments (`channels.md` §2.2, 11). */
  readonly token: string | undefined
  /** Written with a slash at its end, or the root. */
  readonly isFolder: boolean
}

/**
 * Reads the target of a request in origin form (RFC 9112 §3.2.1), its query left out. Undefined for anything that cannot be a file of a mirror: escapes that are none, bytes that are no
 * UTF-8, empty and dot segments, separators and controls however they are written. Each is decoded once, so that what was escaped twice is a name with a percent sign.
 */
export function parseRequestPath(target: string): RequestPath | undefined {
  const path = target.split('?', 1)[0] ?? ''
  if (!path.startsWith('/')) return undefined
  const raw = path.slice(1).split('/')
  const isFolder = raw.at(-1) === ''
  const names = (isFolder ? raw.slice(0, -1) : raw).map(decodeName)
  const segments = names.filter((name) => name !== undefined)
  if (segments.length < names.length) return undefined
  const [first, token, ...rest] = segments
  return first === 't' && token !== undefined ? { segments: rest, token, isFolder: isFolder || rest.length === 0 } : { segments, token: undefined, isFolder }
}

/** A path as it may be told: decoded, without query and token. */
export function showPath(path: RequestPath | undefined): string {
  if (path === undefined) return '(refused)'
  return `/${path.segments.join('/')}${path.isFolder && path.segments.length > 0 ? '/' : ''}`
}

// oxlint-disable-next-line no-control-regex
const UNSERVED = /^$|^\.|[/\\\u0000-\u001f\u007f]/

function decodeName(raw: string): string | undefined {
  const name = decode(raw)
  return name === undefined || UNSERVED.test(name) ? undefined : name
}

function decode(raw: string): string | undefined {
  if (!raw.includes('%')) return raw
  try {
    return decodeURIComponent(raw)
  } catch {
    return undefined
  }
}
