import { statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { MirrorError } from '@mirror/core'
import { createDelta, type CreatedDelta, type DeltaDestination, diffTree, parseVolumeSize, putTool, type TreeDiff } from '@mirror/difftar'
import type { CliErrorCode } from '../../error-codes.ts'
import type { ExitCode } from '../../errors/exit-codes.ts'
import { findTool } from '../../find-tool.ts'
import { describeDeltaParts, listDelta, summarizeDelta } from '../../render/describe-delta.ts'
import { formatBytes, formatNoun } from '../../render/format.ts'
import { formatJsonLine } from '../../render/render-json.ts'
import { printResult, type Session } from '../session.ts'
import { readOnly } from './named-state.ts'
import { observeDelta } from './observe-delta.ts'
import { readBases } from './read-bases.ts'
import { readSecretKey } from './read-keys.ts'
import { writePipe } from './write-pipe.ts'

/** Makes a delta of what the mirror holds and some state does not: a folder, a tarball, volumes or a pipe. */
export async function runDeltaCreate(session: Session): Promise<ExitCode> {
  const { config, flags, renderer, signal, command } = session
  const to = readDestination(session)
  const key = readSecretKey(session)
  const tool = readTool(session, to)
  const only = readOnly(session)
  renderer.render({ type: 'run-started', command, mirror: config.mirrorDir, config: config.file, channels: 0 })
  const observe = observeDelta(session, config.mirrorDir)
  const diff = await diffTree({ mirror: config.mirrorDir, references: await readBases(session), only, signal, observe })
  assertChannels(session, only, diff)
  const created = await writeAll(session, { diff, to, key })
  const tools = tool === undefined || flags.dryRun ? [] : await putTool(tool.folder, { tool: tool.path, written: created.written, signal })
  report(session, { ...created, written: [...created.written, ...tools] })
  return 0
}

interface Writing {
  readonly diff: TreeDiff
  readonly to: DeltaDestination
  readonly key: ReturnType<typeof readSecretKey>
}

async function writeAll({ flags, renderer, signal }: Session, { diff, to, key }: Writing): Promise<CreatedDelta> {
  const label = nameDestination(to)
  const entries = diff.channels.flatMap((channel) => channel.entries)
  const isTold = !flags.dryRun && entries.length > 0
  if (isTold) renderer.render({ type: 'delta-started', delta: label, work: 'write', files: entries.length, bytes: entries.reduce((sum, { size }) => sum + size, 0) })
  let [files, bytes] = [0, 0]
  const created = await createDelta({
    diffs: diff.channels, sequence: diff.sequence, to, key, dryRun: flags.dryRun, signal,
    observe({ size }) {
      renderer.render({ type: 'delta', delta: label, files, bytes })
      files += 1
      bytes += size
    },
  })
  if (isTold) renderer.render({ type: 'delta-finished', delta: label, work: 'write' })
  return created
}

/** A channel that was asked for and is not there is a mistake, not an empty delta. */
function assertChannels({ config }: Session, only: ReadonlySet<string> | undefined, { found }: TreeDiff): void {
  const missing = [...only ?? []].filter((folder) => !found.includes(folder))
  if (missing.length === 0 && found.length > 0) return
  const what = missing.length > 0 ? `it has no channel ${missing.join(', ')}` : 'no channel lies there'
  throw new MirrorError<CliErrorCode>('MIRROR_NOT_FOUND', `Cannot make a delta of ${JSON.stringify(config.mirrorDir)}: ${what}`, {
    hint: found.length > 0 ? `It has ${found.join(', ')}.` : 'Name its folder with --mirror-dir, or a configuration with -f.',
  })
}

function readDestination({ config, flags, cwd, pipes }: Session): DeltaDestination {
  const text = flags.words['delta']
  const volumeSize = flags.volumeSize === undefined ? undefined : readVolumeSize(flags.volumeSize)
  if (text?.endsWith('.tar') === true) return { tarball: resolve(cwd, text), volumeSize }
  if (volumeSize !== undefined) throw usage('only a tarball can be split', 'Name it NAME.tar.')
  if (text === '-') return { sink: { write: (bytes) => writePipe(pipes, bytes) } }
  return { directory: assertFolder(text === undefined ? config.delta.directory : resolve(cwd, text), config.mirrorDir) }
}

function readVolumeSize(text: string): number {
  const size = parseVolumeSize(text)
  if (size === undefined) throw usage(`--volume-size takes a size such as 700M or 4G, not ${JSON.stringify(text)}`)
  return size
}

function assertFolder(directory: string, mirrorDir: string): string {
  if (isInside(directory, mirrorDir) || isInside(mirrorDir, directory)) throw usage(`the folder ${JSON.stringify(directory)} and the mirror ${JSON.stringify(mirrorDir)} lie in one another`, 'Name a folder beside the mirror.')
  if (/\.(?:tgz|tar\.[a-z0-9]+|tzst|txz)$/.test(directory)) throw usage(`${JSON.stringify(directory)} has the name of a compressed tarball, and artifacts are compressed already`, 'Name it NAME.tar.')
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === false) throw usage(`${JSON.stringify(directory)} is a file`, 'Name a folder, or a tarball that ends in .tar.')
  return directory
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)
}

/** The program to put beside the delta, and where. Looked for before anything is written. */
function readTool({ flags }: Session, to: DeltaDestination): { readonly path: string; readonly folder: string } | undefined {
  if (!flags.withTool) return undefined
  if ('sink' in to) throw usage('--with-tool needs a place beside the delta, and a pipe has none', 'Name a folder or NAME.tar.')
  return { path: findTool(), folder: 'tarball' in to ? dirname(to.tarball) : to.directory }
}

function usage(what: string, hint = 'See `mirror delta create --help`.'): Error {
  return new MirrorError<CliErrorCode>('USAGE', `Cannot make the delta: ${what}`, { hint })
}

function nameDestination(to: DeltaDestination): string {
  return 'tarball' in to ? to.tarball : 'directory' in to ? to.directory : 'stdout'
}

function report(session: Session, { manifest, seal, totals, written }: CreatedDelta): void {
  const { flags, stdout, now, command, config } = session
  printResult(session, seal === undefined ? describeNothing(written, flags.dryRun) : `${describeDeltaParts(manifest)}${flags.list ? listDelta(manifest) : ''}${describeWritten({ manifest, totals, written }, flags.dryRun)}`)
  if (flags.json) {
    stdout.write(formatJsonLine({
      type: 'result', command, exitCode: 0, status: seal === undefined ? 'unchanged' : flags.dryRun ? 'planned' : 'written', mirror: config.mirrorDir, seal, sequence: manifest.sequence, totals, written, channels: summarizeDelta(manifest, flags.list),
    }, now()))
  }
}

function describeNothing(written: readonly string[], dryRun: boolean): string {
  return `Nothing changed: the delta ${dryRun ? 'would be' : 'is'} empty${written.length === 0 ? '' : ` (${written.join(', ')})`}.\n`
}

function describeWritten({ manifest: { sequence }, totals, written }: Pick<CreatedDelta, 'manifest' | 'totals' | 'written'>, dryRun: boolean): string {
  const size = `${formatNoun(totals.entries, 'file')}, ${formatBytes(totals.bytes)}, ${formatNoun(totals.remove, 'removal')}`
  const places = written.length === 0 ? ['stdout'] : written
  return `${dryRun ? 'It would be' : 'It is'} delta ${sequence}: ${size}\n${places.map((path) => `${dryRun ? 'would write' : 'wrote'} ${path}\n`).join('')}`
}
