import { resolve } from 'node:path'
import { MirrorError } from '@mirror/core'
import { createDraft, formatReference, readMirror, type TreeChannel } from '@mirror/difftar'
import type { CliErrorCode } from '../../error-codes.ts'
import type { ExitCode } from '../../errors/exit-codes.ts'
import { formatCount, formatNoun, formatTable } from '../../render/format.ts'
import { formatJsonLine } from '../../render/render-json.ts'
import { printResult, type Session } from '../session.ts'
import { readOnly } from './named-state.ts'
import { observeDelta } from './observe-delta.ts'
import { writePipe } from './write-pipe.ts'

const REQUEST = 'request.jsonl'

/** Writes down what the mirror holds, for the side that makes deltas. Reads indexes alone, and changes nothing. */
export async function runDeltaRequest(session: Session): Promise<ExitCode> {
  const { config, flags, renderer, signal, stdout, now, command } = session
  const only = readOnly(session)
  renderer.render({ type: 'run-started', command, mirror: config.mirrorDir, config: config.file, channels: 0 })
  const channels = await readMirror({ mirror: config.mirrorDir, only, signal, observe: observeDelta(session, config.mirrorDir) })
  const missing = [...only ?? []].filter((folder) => channels.every((channel) => channel.folder !== folder))
  if (missing.length > 0) throw new MirrorError<CliErrorCode>('MIRROR_NOT_FOUND', `Cannot describe ${JSON.stringify(config.mirrorDir)}: it has no channel ${missing.join(', ')}`, { hint: 'Leave --channel out to describe what is there.' })
  const text = flags.words['request'] ?? REQUEST
  await writeRequest(session, channels, text)
  printResult(session, describe(channels, text === '-' ? 'stdout' : resolve(session.cwd, text)))
  if (flags.json) {
    stdout.write(formatJsonLine({
      type: 'result', command, exitCode: 0, mirror: config.mirrorDir, request: text === '-' ? undefined : resolve(session.cwd, text),
      channels: channels.map(({ folder, current, indexes, generation }) => ({ folder, state: current.id, generation, artifacts: countArtifacts(indexes) })),
    }, now()))
  }
  return 0
}

async function writeRequest({ cwd, pipes }: Session, channels: readonly TreeChannel[], text: string): Promise<void> {
  if (text === '-') return await formatReference(channels, 'compact', { write: (bytes) => writePipe(pipes, bytes) })
  const draft = createDraft(resolve(cwd, text))
  try {
    await formatReference(channels, 'compact', draft)
    draft.publish()
  } finally {
    draft.discard()
  }
}

function countArtifacts(indexes: TreeChannel['indexes']): number {
  return indexes.reduce((sum, { artifacts }) => sum + artifacts.count, 0)
}

function describe(channels: readonly TreeChannel[], place: string): string {
  const rows = channels.map(({ folder, indexes, current }) => [folder === '' ? 'the root of the mirror' : folder, `state ${current.id.slice(0, 12)}`, formatCount(countArtifacts(indexes)), 'artifacts'])
  const lines = rows.length === 0 ? 'Nothing is there: the request asks for everything.\n' : `${formatTable(rows, 2)}\n`
  return `${lines}Request: ${place} (${formatNoun(channels.length, 'channel')}). The other side makes the delta from it: mirror delta create --since FILE\n`
}
