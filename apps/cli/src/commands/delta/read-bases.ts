import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { MirrorError } from '@mirror/core'
import { describeGeneration, findChannels, type FoundChannel, readReference, type Reference } from '@mirror/difftar'
import type { CliErrorCode } from '../../error-codes.ts'
import type { Session } from '../session.ts'
import { findNamedState, hasSnapshot } from './named-state.ts'

/** What the other side may have, as `--since` says: references and requests of any kind, and what is kept here. */
export async function readBases(session: Session): Promise<readonly Reference[]> {
  const { config, flags } = session
  if (flags.since.length === 0) return []
  const channels = findChannels(config.mirrorDir, () => undefined)
  const bases: Reference[] = []
  for (const text of flags.since) bases.push(text.startsWith('@') ? await readNamed(session, text) : await readReferenceFile(session, text, channels))
  return bases
}

async function readNamed(session: Session, text: string): Promise<Reference> {
  const { readers, others } = await findNamedState(session, text)
  for (const folder of others) session.renderer.render({ type: 'notice', code: 'SNAPSHOT_NOT_FOUND', message: `${folder} has no ${text}: it travels whole` })
  const channels: Reference['channels'][number][] = []
  for (const [folder, reader] of readers) channels.push(await describeGeneration(folder, reader))
  return { sequence: Math.max(...[...readers.values()].map(({ generation }) => generation.number)), channels }
}

/** Reads a reference file. Throws `STATE_UNKNOWN` with a hint where the name may be that of a snapshot, and `REFERENCE_INVALID`. */
export async function readReferenceFile(session: Session, text: string, channels: readonly FoundChannel[]): Promise<Reference> {
  const path = resolve(session.cwd, text)
  if (existsSync(path)) return readReference(path, channels)
  const isSnapshot = /^[a-z0-9._-]{1,64}$/.test(text) && await hasSnapshot(session, text)
  throw new MirrorError<CliErrorCode>('STATE_UNKNOWN', `Cannot read ${JSON.stringify(text)}: there is no such file`, {
    hint: isSnapshot ? `Did you mean \`@${text}\`? So are snapshots and generations written.` : 'Name a reference, a request file, or @NAME for a snapshot or generation that is kept here.',
  })
}
