import type { IncomingHttpHeaders } from 'node:http'

import { type Answer, refuseCall, Stop } from '../double/answer.ts'
import type { FormPart } from '../double/read-form.ts'
import { readIndexJson } from '../double/read-index-json.ts'
import { isJsonObject, type Json, parseJson } from '../json.ts'
import {
  channelOf, FORM_REFUSALS, readAuthorization, startTargetServer, TARGET_REFUSALS, type TargetCall, type TargetProtocol, type TargetRoute, targetRoute, type TargetServer,
} from './target-server.ts'
import { recordOf, requireKnown, requireReader, requireWriter, type StoredFile, storeFile, subdirOf, type TargetChannel, type TargetServerOptions } from './target-state.ts'

/** What the double of Anaconda Server 6 refuses, and why; see {@link TARGET_REFUSALS}. */
export const SERVER6_REFUSALS: Readonly<Record<string, string>> = {
  ...TARGET_REFUSALS,
  ...FORM_REFUSALS,
  'form-value': 'another filetype than conda1, or a size that is not that of the file',
  'bulk-body': 'a bulk action that is not {"action": "delete", "items": [{"name", "family": "conda", "ckey"}]}',
}

/** Which of its two generations a double is. */
export interface Server6Options extends TargetServerOptions {
  /**
   * `psm`: Anaconda Server 6 and Package Security Manager on premises, below `/api` with `X-Auth` (conda-repo-cli). `repocore`: below `/api/repo` with a bearer token
   * (anaconda-client 1.16, binstar_client/repocore). Default `psm`.
   */
  readonly generation?: 'psm' | 'repocore'
}

/**
 * Starts a double of Anaconda Server 6 or of Package Security Manager. `url` is without `/api`. `[inferred]` is what no source says: 409 for a file that is there (clients know only
 * that it is an error), 400 for what is no conda package, 404 for a channel or a package that is not there.
 */
export async function startServer6({ generation = 'psm', ...options }: Server6Options): Promise<TargetServer> {
  return await startTargetServer(generation === 'psm' ? PSM : REPOCORE, options)
}

function createRoutes(root: string): readonly TargetRoute[] {
  // Uploads have the channel as it is, also `parent/sub` (repocore/client.py, upload_file); all else has `parent/subchannels/sub` (_get_channel_url).
  const places = [`${root}/channels/:channel`, `${root}/channels/:namespace/subchannels/:channel`]
  return [
    targetRoute(['POST artifacts', `POST ${root}/channels/:channel/artifacts`], { hasBody: true }, upload),
    targetRoute(['POST artifacts', `POST ${root}/channels/:namespace/:channel/artifacts`], { hasBody: true }, upload),
    ...places.flatMap((place) => [
      targetRoute(['GET channels', `GET ${place}`], {}, showChannel),
      targetRoute(['GET files', `GET ${place}/artifacts/:family/:name/files`], { query: { limit: /^\d+$/, offset: /^\d+$/ } }, listFiles),
      targetRoute(['PUT bulk', `PUT ${place}/artifacts/bulk`], { hasBody: true }, removeFiles),
    ]),
  ]
}

const describeError = ({ status, message }: Stop): Answer => ({ status, json: { error: { message } } })

const PSM: TargetProtocol = {
  routes: [...createRoutes('/api'), targetRoute(['GET account', 'GET /api/account'], {}, showAccount)],
  channelPaths: ['/api/repo/:channel', '/api/repo/:namespace/:channel'],
  // Conda sends no such header: it has the token in the path.
  credentialOf: (headers: IncomingHttpHeaders) => {
    const token = headers['x-auth']
    if (headers.authorization !== undefined) return refuseCall('authorization-header', 'it has X-Auth instead')
    return typeof token === 'string' ? token : undefined
  },
  secretHeaders: ['x-auth'],
  describeError,
}

const REPOCORE: TargetProtocol = {
  routes: [...createRoutes('/api/repo'), targetRoute(['GET account', 'GET /api/account'], {}, showAccount)],
  channelPaths: ['/api/repo/:channel', '/api/repo/:namespace/:channel'],
  credentialOf: (headers) => readAuthorization(headers),
  describeError,
}

function requireChannel(call: TargetCall): TargetChannel {
  requireKnown(call.state, call.credential)
  const channel = channelOf(call)
  if (channel === undefined) throw new Stop(404, `Channel ${call.segment('channel')} not found`)
  return channel
}

function showAccount({ state, credential }: TargetCall): Answer {
  requireKnown(state, credential)
  return { status: 200, json: { user: { username: 'eggs', email: 'eggs@example.org' }, username: 'eggs', default_channel_name: 'eggs' } }
}

function showChannel(call: TargetCall): Answer {
  const channel = requireChannel(call)
  requireReader(call.state, channel, call.credential)
  return { status: 200, json: { name: channel.name, privacy: channel.isPrivate ? 'private' : 'public', description: null, artifact_count: channel.files.size } }
}

async function upload(call: TargetCall): Promise<Answer> {
  const channel = requireChannel(call)
  requireWriter(call.state, channel, call.credential)
  const { bytes, filename = '' } = readContent(call.form())
  const index = await readIndexJson(bytes, filename)
  const subdir = subdirOf(index)
  if (subdir === undefined) throw new Stop(400, `${filename} is not a conda package`)
  if (channel.files.has(`${subdir}/${filename}`)) throw new Stop(409, `Artifact ${subdir}/${filename} already exists`)
  storeFile(channel, { subdir, fileName: filename, bytes, index })
  return { status: 201, json: { status: 'uploaded' } }
}

function readContent(parts: readonly FormPart[]): FormPart {
  const [content, filetype, size] = parts
  if (content?.filename === undefined || parts.map(({ name }) => name).join() !== 'content,filetype,size') {
    return refuseCall('form-fields', `${parts.map(({ name }) => name).join(', ')} instead of content, filetype, size`)
  }
  if (filetype?.bytes.toString('utf8') !== 'conda1' || size?.bytes.toString('utf8') !== String(content.bytes.length)) return refuseCall('form-value', 'filetype or size')
  return content
}

/** `GET …/artifacts/conda/<package>/files` (conda_repo_cli, get_channel_artifacts_files; repocore, list_artifact_files): 100 at a time unless told. */
function listFiles(call: TargetCall): Answer {
  const channel = requireChannel(call)
  requireReader(call.state, channel, call.credential)
  const { query, segment } = call
  const all = segment('family') === 'conda' ? [...channel.files.values()].filter(({ index }) => index?.['name'] === segment('name')) : []
  // A package that has no file is none.
  if (all.length === 0) throw new Stop(404, `Artifact ${segment('name')} not found`)
  const offset = Number(query.get('offset') ?? 0)
  const items = all.slice(offset, offset + Number(query.get('limit') ?? 100)).map(describeFile)
  return { status: 200, json: { total_count: all.length, items } }
}

function describeFile(file: StoredFile): Json {
  const record = { ...recordOf(file), fn: file.fileName }
  return { name: file.index?.['name'] ?? '', family: 'conda', ckey: `${file.subdir}/${file.fileName}`, metadata: { 'index.json': file.index ?? {}, 'repodata_record.json': record } }
}

/** `PUT …/artifacts/bulk`: 202 (conda_repo_cli, channel_artifacts_bulk_actions). What it answers for a file that is not there is in no source; here it does nothing. */
function removeFiles(call: TargetCall): Answer {
  const channel = requireChannel(call)
  requireWriter(call.state, channel, call.credential)
  for (const ckey of readKeys(call.body)) channel.files.delete(ckey)
  return { status: 202, json: {} }
}

function readKeys(body: Buffer): readonly string[] {
  const value = parseBody(body)
  const items = isJsonObject(value) && value['action'] === 'delete' ? value['items'] : undefined
  if (!Array.isArray(items)) return refuseCall('bulk-body', body.toString('utf8', 0, 200))
  return items.map((item: unknown) => {
    const isFile = isJsonObject(item) && typeof item['name'] === 'string' && item['family'] === 'conda'
    return isFile && typeof item['ckey'] === 'string' ? item['ckey'] : refuseCall('bulk-body', JSON.stringify(item))
  })
}

function parseBody(body: Buffer): Json {
  try {
    return parseJson(body.toString('utf8'))
  } catch {
    return refuseCall('bulk-body', body.toString('utf8', 0, 80))
  }
}
