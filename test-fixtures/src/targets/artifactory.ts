import { createHash } from 'node:crypto'

import { type Answer, refuseCall, Stop } from '../double/answer.ts'
import { readIndexJson } from '../double/read-index-json.ts'
import { channelOf, readAuthorization, startTargetServer, TARGET_REFUSALS, type TargetCall, type TargetProtocol, targetRoute, type TargetServer } from './target-server.ts'
import { requireReader, requireWriter, storeFile, type TargetChannel, type TargetServerOptions } from './target-state.ts'

/** What the double of Artifactory refuses, and why; see {@link TARGET_REFUSALS}. */
export const ARTIFACTORY_REFUSALS: Readonly<Record<string, string>> = {
  ...TARGET_REFUSALS,
  'artifact-path': 'a file that is not <subdir>/<name>.conda or .tar.bz2',
  'checksum-header': 'an X-Checksum header that is no digest in hex',
}

const DIGESTS = { 'x-checksum-md5': ['md5', 32], 'x-checksum-sha1': ['sha1', 40], 'x-checksum-sha256': ['sha256', 64] } as const

// crates/rattler_upload/src/upload/mod.rs sends the PUT; the rest is JFrog's REST API: "Deploy Artifact", "File Info", "Delete Item", and `api/conda/<repository>` for conda.
const PROTOCOL: TargetProtocol = {
  routes: [
    targetRoute(['PUT file', 'PUT /artifactory/:channel/:subdir/:file'], { hasBody: true }, deploy),
    targetRoute(['DELETE file', 'DELETE /artifactory/:channel/:subdir/:file'], {}, remove),
    targetRoute(['GET storage', 'GET /artifactory/api/storage/:channel/:subdir/:file'], {}, showFile),
    targetRoute(['GET storage', 'GET /artifactory/api/storage/:channel'], {}, showRoot),
  ],
  channelPaths: ['/artifactory/api/conda/:channel'],
  credentialOf: (headers) => readAuthorization(headers, true),
  describeError: ({ status, message }) => ({ status, json: { errors: [{ status, message }] } }),
}

/**
 * Starts a double of Artifactory with its API under `/artifactory`, which is not part of `url`. A writer may overwrite, as by permission "Delete/Overwrite". `[inferred]` is what
 * no source says: that an index follows at once, and which of 401 and 404 comes first.
 */
export async function startArtifactoryServer(options: TargetServerOptions): Promise<TargetServer> {
  return await startTargetServer(PROTOCOL, options)
}

function requireRepository(call: TargetCall): TargetChannel {
  const channel = channelOf(call)
  if (channel === undefined) throw new Stop(call.credential === undefined || !call.state.credentials.has(call.credential) ? 401 : 404, `Repository ${call.segment('channel')} not found`)
  return channel
}

async function deploy(call: TargetCall): Promise<Answer> {
  const channel = requireRepository(call)
  requireWriter(call.state, channel, call.credential)
  const { body, headers } = call
  const [subdir, fileName] = [call.segment('subdir'), call.segment('file')]
  if (!/\.(?:conda|tar\.bz2)$/.test(fileName)) refuseCall('artifact-path', `${subdir}/${fileName}`)
  for (const [name, [algorithm, length]] of Object.entries(DIGESTS)) {
    const told = headers[name]
    if (told === undefined) continue
    if (typeof told !== 'string' || told.length !== length || !/^[0-9a-f]+$/.test(told)) return refuseCall('checksum-header', `${name}: ${String(told)}`)
    const actual = createHash(algorithm).update(body).digest('hex')
    // "Checksum policy: … will be rejected with 409" (JFrog, checksums of uploads).
    if (told !== actual) throw new Stop(409, `Checksum error: received '${told}' but actual is '${actual}'`)
  }
  const stored = storeFile(channel, { subdir, fileName, bytes: body, index: await readIndexJson(body, fileName) })
  return { status: 201, json: describeFile(channel, stored) }
}

function showFile(call: TargetCall): Answer {
  const channel = requireRepository(call)
  requireReader(call.state, channel, call.credential)
  const stored = channel.files.get(`${call.segment('subdir')}/${call.segment('file')}`)
  if (stored === undefined) throw new Stop(404, 'Unable to find item')
  return { status: 200, json: describeFile(channel, stored) }
}

/** "Folder Info" of the root of a repository. */
function showRoot(call: TargetCall): Answer {
  const channel = requireRepository(call)
  requireReader(call.state, channel, call.credential)
  const subdirs = [...new Set([...channel.files.values()].map(({ subdir }) => subdir))]
  return { status: 200, json: { repo: channel.name, path: '/', children: subdirs.map((subdir) => ({ uri: `/${subdir}`, folder: true })) } }
}

function remove(call: TargetCall): Answer {
  const channel = requireRepository(call)
  requireWriter(call.state, channel, call.credential)
  if (!channel.files.delete(`${call.segment('subdir')}/${call.segment('file')}`)) throw new Stop(404, 'Could not locate artifact')
  return { status: 204 }
}

function describeFile({ name }: TargetChannel, { subdir, fileName, bytes, md5, sha1, sha256 }: ReturnType<typeof storeFile>): object {
  return { repo: name, path: `/${subdir}/${fileName}`, size: String(bytes.length), checksums: { sha1, md5, sha256 } }
}
