import { createDigest, type Digest, digestHex, digestKind, isJsonObject, isMd5, isSha256 } from '@mirror/core'
import type { TargetLook } from '../target.ts'

/** What `GET /dist` says of a file that is there; of others, so each part may be missing. */
export interface FoundDist {
  readonly sha256: string | undefined
  readonly md5: string | undefined
  /** Undefined where it does not tell. */
  readonly labels: readonly string[] | undefined
}

/** Reads the reply of `GET /dist`. */
export function readDist(json: unknown): FoundDist {
  const dist = isJsonObject(json) ? json : {}
  return { sha256: textOf(dist['sha256']), md5: textOf(dist['md5']), labels: textsOf(dist['labels']) ?? textsOf(dist['channels']) }
}

/** Which bytes a server has. By sha256, or by md5 where it tells nothing better, as servers of before 2020 do. */
export function compareDist({ sha256, md5 }: FoundDist, ours: { readonly sha256?: string; readonly md5?: string }): 'same' | 'other' | 'unknown' {
  if (sha256 !== undefined && ours.sha256 !== undefined) return sha256 === ours.sha256 ? 'same' : 'other'
  if (md5 !== undefined && ours.md5 !== undefined) return md5 === ours.md5 ? 'same' : 'other'
  return 'unknown'
}

/** What a server says that its bytes are. */
export function digestOf({ sha256, md5 }: FoundDist): Digest | undefined {
  if (sha256 !== undefined && isSha256(sha256)) return createDigest('sha256', sha256)
  return md5 !== undefined && isMd5(md5) ? createDigest('md5', md5) : undefined
}

/** What a found file is beside an artifact of which one digest is known. */
export function lookOf(found: FoundDist, digest: Digest): TargetLook {
  const hex = digestHex(digest)
  return { status: 'present', bytes: compareDist(found, digestKind(digest) === 'md5' ? { md5: hex } : { sha256: hex }), digest: digestOf(found) }
}

/** What `POST /stage` says: where the bytes go, with which fields, and what is committed then. */
export interface StageReply {
  readonly distId: string
  readonly postUrl: URL
  /** In the order in which they have to be sent. */
  readonly fields: readonly { readonly name: string; readonly value: string }[]
}

/** Reads the reply of `POST /stage`; undefined when it is none. */
export function readStageReply(json: unknown): StageReply | undefined {
  const { dist_id: distId, post_url: url, form_data: form } = isJsonObject(json) ? json : {}
  const postUrl = typeof url === 'string' ? URL.parse(url) : null
  if (typeof distId !== 'string' || postUrl === null || !/^https?:$/.test(postUrl.protocol) || !isJsonObject(form)) return undefined
  const fields = Object.entries(form).flatMap(([name, value]) => (typeof value === 'string' ? [{ name, value }] : []))
  return fields.length < Object.keys(form).length ? undefined : { distId, postUrl, fields }
}

/** Whether the reply of `GET /release` tells that nothing is in it. One that does not tell is not empty. */
export function isEmptyRelease(json: unknown): boolean {
  return isJsonObject(json) && isEmptyList(json['distributions'])
}

/** Whether the reply of `GET /package` tells that nothing is in it, no release either. */
export function isEmptyPackage(json: unknown): boolean {
  return isJsonObject(json) && isEmptyList(json['files']) && (json['releases'] === undefined || isEmptyList(json['releases']))
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.toLowerCase() : undefined
}

function textsOf(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.filter((text) => typeof text === 'string') : undefined
}
