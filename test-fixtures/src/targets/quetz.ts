import { createHash } from 'node:crypto'

import { type Answer, refuseCall, Stop } from '../double/answer.ts'
import { readIndexJson } from '../double/read-index-json.ts'
import { stringIn } from '../json.ts'
import { channelOf, startTargetServer, TARGET_REFUSALS, type TargetCall, type TargetProtocol, targetRoute, type TargetServer } from './target-server.ts'
import { recordOf, requireKnown, requireReader, requireWriter, storeFile, subdirOf, type TargetChannel, type TargetServerOptions } from './target-state.ts'

/** What the double of quetz refuses, and why; see {@link TARGET_REFUSALS}. */
export const QUETZ_REFUSALS: Readonly<Record<string, string>> = TARGET_REFUSALS

/** FastAPI's `{"detail": …}`. */
const PROTOCOL: TargetProtocol = {
  routes: [
    targetRoute(['GET users', 'GET /api/paginated/users'], { query: { limit: /^\d+$/, skip: /^\d+$/ } }, listUsers),
    targetRoute(['GET channels', 'GET /api/channels/:channel'], {}, showChannel),
    targetRoute(['POST upload', 'POST /api/channels/:channel/upload/:file'], { hasBody: true, query: { sha256: /^[0-9a-f]{64}$/, force: /^(?:true|false)$/ } }, upload),
    targetRoute(['GET versions', 'GET /api/channels/:channel/packages/:name/versions'], {}, listVersions),
    targetRoute(['GET version', 'GET /api/channels/:channel/packages/:name/versions/:subdir/:file'], {}, showVersion),
    targetRoute(['DELETE version', 'DELETE /api/channels/:channel/packages/:name/versions/:subdir/:file'], {}, remove),
  ],
  channelPaths: ['/get/:channel'],
  credentialOf: (headers) => {
    if (headers.authorization !== undefined) return refuseCall('authorization-header', 'it has X-API-Key instead')
    const key = headers['x-api-key']
    return typeof key === 'string' ? key : undefined
  },
  // A key that is no good is nobody's (quetz/authorization.py, get_user).
  readsAnonymously: true,
  secretHeaders: ['x-api-key'],
  describeError: ({ status, message }) => ({ status, json: { detail: message } }),
}

/**
 * Starts a double of quetz-server 0.10, for what the real one cannot be made to do: go wrong. Its statuses and their order are those of the real one
 * (quetz/main.py, quetz/deps.py); its index follows at once, where the real one's comes a while after the answer.
 */
export async function startQuetzDouble(options: TargetServerOptions): Promise<TargetServer> {
  return await startTargetServer(PROTOCOL, options)
}

/** Of what is public, also for those who are nobody. */
function requireReadable(call: TargetCall): TargetChannel {
  const channel = channelOf(call)
  if (channel === undefined) throw new Stop(404, `Channel ${call.segment('channel')} not found`)
  const { state, credential } = call
  requireReader(state, channel, credential !== undefined && state.credentials.has(credential) ? credential : undefined)
  return channel
}

/** Whoever is no server owner sees nobody, not even the user of the key, who is another one than the key's owner. */
function listUsers({ state, credential, query }: TargetCall): Answer {
  requireKnown(state, credential)
  return { status: 200, json: { pagination: { skip: 0, limit: Number(query.get('limit') ?? 10), all_records_count: 0 }, result: [] } }
}

function showChannel(call: TargetCall): Answer {
  const channel = requireReadable(call)
  return { status: 200, json: { name: channel.name, description: null, private: channel.isPrivate, mirror_channel_url: null, mirror_mode: null, members_count: 1 } }
}

async function upload(call: TargetCall): Promise<Answer> {
  const { state, query, body, segment, credential } = call
  const sha256 = query.get('sha256')
  if (sha256 === null) return { status: 422, json: { detail: [{ type: 'missing', loc: ['query', 'sha256'], msg: 'Field required' }] } }
  if (createHash('sha256').update(body).digest('hex') !== sha256) throw new Stop(406, 'Wrong SHA256 checksum')
  requireKnown(state, credential)
  const channel = channelOf(call)
  // The real one fails, rather than to look.
  if (channel === undefined) throw new Stop(500, 'Internal Server Error')
  requireWriter(state, channel, credential)
  const fileName = segment('file')
  const index = await readIndexJson(body, fileName)
  const subdir = subdirOf(index)
  if (index === undefined || subdir === undefined) throw new Stop(500, 'Internal Server Error')
  if (fileName.split('-').slice(0, -2).join('-') !== stringIn(index, 'name')) throw new Stop(400, `package file name and info files do not match ${fileName}`)
  if (channel.files.has(`${subdir}/${fileName}`) && query.get('force') !== 'true') throw new Stop(409, 'Duplicate')
  storeFile(channel, { subdir, fileName, bytes: body, index })
  return { status: 201, json: null }
}

function versionsOf(call: TargetCall): readonly object[] {
  const channel = requireReadable(call)
  const name = call.segment('name')
  const files = [...channel.files.values()].filter(({ index }) => index?.['name'] === name)
  if (files.length === 0) throw new Stop(404, `Package ${channel.name}/${name} not found`)
  return files.map((file) => ({
    channel_name: channel.name, package_name: name, platform: file.subdir, version: file.index?.['version'], build_string: file.index?.['build'], filename: file.fileName,
    info: recordOf(file), uploader: { name: 'Tester', avatar_url: '' }, download_count: 0,
  }))
}

function listVersions(call: TargetCall): Answer {
  return { status: 200, json: versionsOf(call) }
}

function showVersion(call: TargetCall): Answer {
  const [subdir, fileName] = [call.segment('subdir'), call.segment('file')]
  const found = versionsOf(call).find((version) => 'platform' in version && version.platform === subdir && 'filename' in version && version.filename === fileName)
  if (found === undefined) throw new Stop(404, `package version ${subdir}/${fileName} not found`)
  return { status: 200, json: found }
}

/** `DELETE`: looks before it asks who it is (delete_package_version). */
function remove(call: TargetCall): Answer {
  const { state, segment, credential } = call
  const channel = channelOf(call)
  const path = `${segment('subdir')}/${segment('file')}`
  const file = channel?.files.get(path)
  if (channel === undefined || file?.index?.['name'] !== segment('name')) throw new Stop(404, 'Package version not found')
  requireWriter(state, channel, credential)
  channel.files.delete(path)
  return { status: 200, json: null }
}
