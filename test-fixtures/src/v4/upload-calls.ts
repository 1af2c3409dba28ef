import { createHash } from 'node:crypto'

import { objectIn, stringIn } from '../json.ts'
import { basenameOf } from './package-calls.ts'
import type { FormPart } from '../double/read-form.ts'
import { type Answer, notFound, refuse, Stop } from './refusals.ts'
import type { ApiCall } from './routes.ts'
import { createId, findPackage, findRelease, requireAllowed, type Stage, type State } from './state.ts'

/**
 * `POST /stage`: the package and the release must be there (404), the file must not (409). Answers where and with which fields the bytes go, in the shape of
 * a reply that anaconda.org gave in 2021.
 */
export function stage(call: ApiCall): Answer {
  const { state, login, body, segment, storageUrl } = call
  const owner = segment('owner')
  const basename = basenameOf(call)
  requireAllowed(state, login, owner)
  const release = findRelease(findPackage(state, login, `${owner}/${segment('name')}`), segment('version'))
  if (!/^[^/]+\/[^/]+\.(?:conda|tar\.bz2)$/.test(basename)) refuse('dist-name', basename)
  const subdir = stringIn(objectIn(body, 'attrs'), 'subdir')
  if (subdir !== segment('subdir')) refuse('dist-name', `${basename}, and ${String(subdir)} in attrs`)
  const locked = labelsOf(body).find((label) => state.locked.has(`${owner}/${label}`))
  if (locked !== undefined) refuse('label-locked', locked)
  if (release.dists.has(basename)) throw new Stop(409, `Distribution "${basename}" already exists`)
  const id = createId()
  const path = pathOf(call)
  const fields = createFields(id)
  state.stages.set(id, { id, path, basename, body, fields, uploaded: undefined, isExpired: false, isCommitted: false })
  const form = Object.fromEntries(fields)
  const answer = { basename, dist_id: id, package_id: createId(), post_url: storageUrl, s3_url: storageUrl, form_data: form, s3form_data: form }
  return { status: 200, json: answer }
}

/** No label given: the file gets `main` [inferred: the client sends `[]` unless told, and such files are seen on main]. */
function labelsOf(body: Stage['body']): string[] {
  const { channels } = body
  const labels = Array.isArray(channels) ? channels.filter((label) => typeof label === 'string') : []
  return labels.length === 0 ? ['main'] : labels
}

const pathOf = (call: ApiCall): string => `${call.segment('owner')}/${call.segment('name')}/${call.segment('version')}/${basenameOf(call)}`

function createFields(id: string): (readonly [string, string])[] {
  return [
    ['Content-Type', 'application/octet-stream'],
    ['acl', 'private'],
    ['key', `packages/${id}`],
    ['policy', Buffer.from(JSON.stringify({ conditions: [{ acl: 'private' }, { key: `packages/${id}` }] })).toString('base64')],
    ['success_action_status', '201'],
    ['x-amz-algorithm', 'AWS4-HMAC-SHA256'],
    ['x-amz-credential', 'FIXTURE/20240115/us-east-1/s3/aws4_request'],
    ['x-amz-date', '20240115T000000Z'],
    ['x-amz-signature', createHash('sha256').update(id).digest('hex')],
    ['x-amz-storage-class', 'STANDARD'],
  ]
}

/** `POST /commit`: what was staged and uploaded is there from now on. */
export function commit(call: ApiCall): Answer {
  const { state, login, body, segment } = call
  requireAllowed(state, login, segment('owner'))
  const id = stringIn(body, 'dist_id') ?? ''
  const staged = state.stages.get(id) ?? notFound(id)
  if (staged.path !== pathOf(call)) refuse('commit-other', `${staged.path} was staged, ${pathOf(call)} is committed`)
  if (staged.isCommitted) refuse('commit-again', staged.path)
  const bytes = staged.uploaded ?? refuse('commit-early', staged.path)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  if (sha256 !== staged.body['sha256']) refuse('hash-differs', `${staged.path} has ${sha256}`)
  const release = findRelease(findPackage(state, login, `${segment('owner')}/${segment('name')}`), segment('version'))
  if (release.dists.has(staged.basename)) throw new Stop(409, `Distribution "${staged.basename}" already exists`)
  staged.isCommitted = true
  const md5 = createHash('md5').update(bytes).digest('hex')
  const attrs = objectIn(staged.body, 'attrs')
  release.dists.set(staged.basename, { id, basename: staged.basename, labels: new Set(labelsOf(staged.body)), attrs, staged: staged.body, md5, sha256, bytes })
  return { status: 200, json: {} }
}

/** A refusal or an error of the storage, as S3 writes it. */
export function describeStorageError(code: string, text: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</Message></Error>`
}

/** One request to the storage. */
export interface StorageCall {
  readonly headers: ApiCall['headers']
  /** Of the form, in the order of the wire. */
  readonly parts: readonly FormPart[]
}

/** `POST` to the storage: takes the bytes of one stage, with the fields exactly as they were told. */
export function takeUpload(state: State, { headers, parts }: StorageCall): Answer {
  const extra = ['authorization', 'x-binstar-api-version'].find((name) => headers[name] !== undefined)
  if (extra !== undefined) refuse('storage-headers', `${extra} is of the API`)
  if (headers['content-length'] === undefined) refuse('storage-headers', 'S3 takes no form without Content-Length')
  const key = parts.find((part) => part.name === 'key')?.bytes.toString('utf8') ?? ''
  const staged = state.stages.get(key.replace('packages/', ''))
  const file = parts.at(-1)
  if (staged === undefined) return refuse('form-value', `no stage was told the key ${key}`)
  const names = [...staged.fields.map(([name]) => name), 'Content-Length', 'Content-MD5', 'file']
  if (file === undefined || parts.map((part) => part.name).join() !== names.join()) {
    return refuse('form-order', `${parts.map((part) => part.name).join(', ')} instead of ${names.join(', ')}`)
  }
  const told = new Map([...staged.fields, ['Content-Length', String(file.bytes.length)] as const])
  const wrong = parts.find((part) => told.has(part.name) && told.get(part.name) !== part.bytes.toString('utf8'))
  if (wrong !== undefined) refuse('form-value', `${wrong.name}: ${wrong.bytes.toString('utf8', 0, 80)}`)
  if (file.filename !== undefined && file.filename !== staged.basename) refuse('form-filename', file.filename)
  return storeUpload(staged, file.bytes, parts.at(-2)?.bytes.toString('utf8') ?? '')
}

function storeUpload(staged: Stage, bytes: Buffer, md5: string): Answer {
  // These three are S3's own: its documentation of POST Object and of its error codes.
  if (staged.isExpired) return { status: 403, bytes: describeStorageError('AccessDenied', 'Invalid according to Policy: Policy expired.') }
  if (Buffer.from(md5, 'base64').length !== 16) return { status: 400, bytes: describeStorageError('InvalidDigest', 'The Content-MD5 you specified was invalid.') }
  if (createHash('md5').update(bytes).digest('base64') !== md5) {
    return { status: 400, bytes: describeStorageError('BadDigest', 'The Content-MD5 you specified did not match what we received.') }
  }
  if (staged.uploaded !== undefined) refuse('upload-again', staged.path)
  staged.uploaded = bytes
  return { status: 201, bytes: `<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse><Key>packages/${staged.id}</Key></PostResponse>` }
}
