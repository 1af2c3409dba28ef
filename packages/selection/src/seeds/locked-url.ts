import { isArtifactName, isMd5, isSha256, isSubdirName, stripUrl } from '@mirror/core'
import type { LockedArtifact } from '../closure/closure-types.ts'

/** What a lock file says of an artifact beside its URL. */
export interface LockedDigests {
  readonly sha256?: unknown
  readonly md5?: unknown
}

/** The artifact; `undefined` for what is no URL (a folder with sources); or what is wrong with it. */
export function readLockedUrl(url: string, digests: LockedDigests): LockedArtifact | string | undefined {
  const parsed = /^(?:https?|file):\/\//i.test(url) ? URL.parse(url) : null
  if (parsed === null) return undefined
  const [subdir, name] = parsed.pathname.split('/').slice(-2).map(decode)
  if (name === undefined || !isArtifactName(name)) return 'its URL does not end in the name of an artifact'
  if (subdir === undefined || !isSubdirName(subdir)) return 'its URL has no subdir before the name'
  const known = readDigests(digests)
  return typeof known === 'string' ? known : { subdir, name, url: stripUrl(parsed) ?? `file://${parsed.pathname}`, ...known }
}

function readDigests({ sha256, md5 }: LockedDigests): Pick<LockedArtifact, 'sha256' | 'md5'> | string {
  const known = { sha256: readDigest(sha256), md5: readDigest(md5) }
  if (known.sha256 !== undefined && !isSha256(known.sha256)) return 'its sha256 is not 64 hex digits'
  if (known.md5 !== undefined && !isMd5(known.md5)) return 'its md5 is not 32 hex digits'
  return known
}

/** Lower case; something that is no text cannot be a digest. */
function readDigest(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value.trim().toLowerCase() : ''
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
