import { createHash } from 'node:crypto'

import { type Answer, refuseCall, Stop } from '../double/answer.ts'
import type { FormPart } from '../double/read-form.ts'
import { readIndexJson } from '../double/read-index-json.ts'
import { channelOf, FORM_REFUSALS, readAuthorization, startTargetServer, TARGET_REFUSALS, type TargetCall, type TargetProtocol, targetRoute, type TargetServer } from './target-server.ts'
import { requireWriter, storeFile, subdirOf, type TargetChannel, type TargetServerOptions } from './target-state.ts'

/** What the double of prefix.dev refuses, and why; see {@link TARGET_REFUSALS}. */
export const PREFIX_REFUSALS: Readonly<Record<string, string>> = {
  ...TARGET_REFUSALS,
  ...FORM_REFUSALS,
  'part-headers': 'a part whose Content-Type, Content-Length, X-File-Name or X-File-SHA256 is absent or not that of the file (rattler_upload sends all four)',
}

// crates/rattler_upload/src/upload/prefix.rs sends the upload, and sorts 400, 401, 403, 404, 409, 413 and 422; bodies of errors are texts there.
const PROTOCOL: TargetProtocol = {
  routes: [
    targetRoute(['POST upload', 'POST /api/v1/upload/:channel'], { hasBody: true, query: { force: /^true$/ } }, upload),
    // From scripts of users, who take any 2xx.
    targetRoute(['DELETE file', 'DELETE /api/v1/delete/:channel/:subdir/:file'], {}, remove),
  ],
  channelPaths: ['/:channel'],
  credentialOf: (headers) => readAuthorization(headers),
  describeError: ({ status, message }) => ({ status, bytes: message, headers: { 'content-type': 'text/plain' } }),
}

/**
 * Starts a double of prefix.dev, as far as rattler uses it. `[inferred]` is what no source says: 200 for an upload and a removal, 422 for what is no artifact or has
 * another subdir than a conda subdir, 404 for a file that is not there.
 */
export async function startPrefixServer(options: TargetServerOptions): Promise<TargetServer> {
  return await startTargetServer(PROTOCOL, options)
}

function requireChannel(call: TargetCall): TargetChannel {
  const channel = channelOf(call)
  // Whoever is not logged in is told so first [inferred].
  if (channel === undefined) throw new Stop(call.credential === undefined || !call.state.credentials.has(call.credential) ? 401 : 404, 'Channel not found')
  requireWriter(call.state, channel, call.credential)
  return channel
}

async function upload(call: TargetCall): Promise<Answer> {
  const channel = requireChannel(call)
  const { bytes, filename = '' } = readFile(call.form())
  const index = await readIndexJson(bytes, filename)
  const subdir = subdirOf(index)
  if (subdir === undefined) throw new Stop(422, `${filename} is not a conda package`)
  if (channel.files.has(`${subdir}/${filename}`) && call.query.get('force') !== 'true') throw new Stop(409, `Package ${subdir}/${filename} already exists`)
  storeFile(channel, { subdir, fileName: filename, bytes, index })
  return { status: 200, bytes: '', headers: { 'content-type': 'text/plain' } }
}

function readFile(parts: readonly FormPart[]): FormPart {
  const [part, ...others] = parts
  if (part?.name !== 'file' || part.filename === undefined || others.length > 0) return refuseCall('form-fields', `${parts.map(({ name }) => name).join(', ')} instead of file`)
  const wanted = {
    'content-type': 'application/octet-stream', 'content-length': String(part.bytes.length), 'x-file-name': part.filename,
    'x-file-sha256': createHash('sha256').update(part.bytes).digest('hex'),
  }
  for (const [name, value] of Object.entries(wanted)) if (part.headers[name] !== value) refuseCall('part-headers', `${name} is ${String(part.headers[name])}, not ${value}`)
  return part
}

function remove(call: TargetCall): Answer {
  const channel = requireChannel(call)
  const path = `${call.segment('subdir')}/${call.segment('file')}`
  if (!channel.files.delete(path)) throw new Stop(404, `${path} not found`)
  return { status: 200, bytes: '', headers: { 'content-type': 'text/plain' } }
}
