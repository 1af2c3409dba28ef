import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createDelta, type CreatedDelta, type DeltaDestination } from '../create/create-delta.ts'
import { putTool } from '../create/put-tool.ts'
import { createDraft } from '../files/write-file.ts'
import { difftarError } from '../difftar-error.ts'
import { parseSecretKey } from '../minisign/minisign.ts'
import { readReference } from '../reference/read-reference.ts'
import { formatReference } from '../reference/write-reference.ts'
import { diffTree, type TreeDiff } from '../tree/diff-tree.ts'
import { readMirror } from '../tree/read-mirror.ts'
import { findChannels } from '../tree/read-tree.ts'
import { parseSize, UsageError } from './parse-arguments.ts'
import type { ModeRun } from './run-diff-tar.ts'

const REFERENCE = './reference.json'
const TARBALL = 'update.tar'

/** Writes down what the mirror holds. */
export async function referenceMode({ program, flags, repository, pathOf, warn }: ModeRun): Promise<number> {
  if (flags.infile !== undefined) throw new UsageError('--infile not allowed with --reference')
  const channels = await readMirror({ mirror: repository, signal: program.signal, observe: warn, md5: flags.compact !== true })
  const format = flags.compact === true ? 'compact' : 'compatible'
  if (flags.outfile === '-') {
    await formatReference(channels, format, { write: (bytes) => program.stdout(Buffer.from(bytes)) })
    return 0
  }
  const draft = createDraft(pathOf(flags.outfile ?? REFERENCE))
  try {
    await formatReference(channels, format, draft)
    draft.publish()
  } finally {
    draft.discard()
  }
  return 0
}

/** Lists what changed. */
export async function showMode(run: ModeRun): Promise<number> {
  const { program, flags } = run
  if (flags.outfile !== undefined) throw new UsageError('--outfile not allowed with --show')
  const { channels } = await compare(run)
  if (flags.json === true) {
    for (const { folder, bases, target, listing, remove } of channels) await program.stdout(`${JSON.stringify({ folder, bases: bases.map(({ id }) => id), target: target.id, add: listing, remove })}\n`)
    return 0
  }
  for (const { folder, listing } of channels) await program.stdout(listing.map((path) => `${folder === '' ? '' : `${folder}/`}${path}\n`).join(''))
  return 0
}

async function compare({ flags, repository, pathOf, warn, program }: ModeRun): Promise<TreeDiff> {
  if (flags.full === true && (flags.since !== undefined || flags.infile !== undefined)) throw new UsageError('--since and --infile not allowed with --full')
  const channels = findChannels(repository, () => undefined)
  const infile = flags.infile?.at(-1)
  const paths = flags.full === true ? [] : [...(infile === undefined && flags.since !== undefined ? [] : [infile ?? REFERENCE]), ...(flags.since ?? [])]
  return diffTree({ mirror: repository, references: paths.map((path) => readAs(path, pathOf(path), channels)), signal: program.signal, observe: warn })
}

/** Names the file as it was given. */
function readAs(given: string, path: string, channels: Parameters<typeof readReference>[1]): ReturnType<typeof readReference> {
  try {
    return readReference(path, channels)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'REFERENCE_NOT_FOUND')) throw error
    throw difftarError('REFERENCE_NOT_FOUND', `Error: no such file: ${given}`, { hint: 'Please use the --reference option before creating a differential tarball.', cause: error })
  }
}

/** Writes the tarball. */
export async function createMode(run: ModeRun): Promise<number> {
  const { program, flags } = run
  const diff = await compare(run)
  const outfile = flags.outfile ?? TARBALL
  if (outfile === '-' && flags['with-tool'] === true) throw new UsageError('--with-tool not allowed with a pipe')
  const told: Promise<void>[] = []
  const say = (text: string): Promise<void> => {
    if (outfile !== '-') return program.stdout(text)
    program.stderr(text)
    return Promise.resolve()
  }
  const created = await createDelta({
    diffs: diff.channels, sequence: diff.sequence, to: destinationOf(run, outfile), signal: program.signal,
    key: flags.sign === undefined ? undefined : parseSecretKey(readKeyFile(run, flags.sign)),
    observe: ({ path }) => {
      if (flags.verbose === true) told.push(say(`adding: ${path}\n`))
    },
  })
  await Promise.all(told)
  if (created.seal === undefined && flags.verbose === true) program.stderr('Nothing changed: the tarball is empty.\n')
  const tools = flags['with-tool'] === true ? await addTool(run, outfile, created.written) : []
  await tellCreated(run, created, { outfile, tools, say })
  return 0
}

async function tellCreated({ flags, program }: ModeRun, { manifest, seal, totals, written }: CreatedDelta, { outfile, tools, say }: { readonly outfile: string; readonly tools: readonly string[]; readonly say: (text: string) => Promise<void> }): Promise<void> {
  if (flags.json === true) {
    const line = `${JSON.stringify({ seal, sequence: manifest.sequence, channels: manifest.channels.map(({ folder, bases, target }) => ({ folder, bases: bases.map(({ id }) => id), target: target.id })), totals, written: [...written, ...tools] })}\n`
    return outfile === '-' ? program.stderr(line) : program.stdout(line)
  }
  if (outfile === '-') return
  const names = written.length === 1 ? [outfile] : written.map((path) => shownAs(outfile, path))
  for (const name of [...names, ...tools.map((path) => shownAs(outfile, path))]) await say(`Wrote: ${name}\n`)
}

function shownAs(given: string, path: string): string {
  return join(dirname(given), path.split('/').at(-1) ?? path)
}

function destinationOf({ flags, program, pathOf }: ModeRun, outfile: string): DeltaDestination {
  if (outfile !== '-') return { tarball: pathOf(outfile), ...(flags['volume-size'] === undefined ? {} : { volumeSize: parseSize(flags['volume-size']) }) }
  if (flags['volume-size'] !== undefined) throw new UsageError('--volume-size not allowed with a pipe')
  return { sink: { write: (bytes) => program.stdout(Buffer.from(bytes)) } }
}

function readKeyFile({ pathOf }: ModeRun, path: string): string {
  try {
    return readFileSync(pathOf(path), 'utf8')
  } catch (cause) {
    throw difftarError('KEY_INVALID', `Cannot read the key ${path}`, { hint: 'Name the file that `conda-diff-tar --new-key` or minisign made.', cause })
  }
}

/** Puts this program beside the tarball, with a few words and the checksums. */
async function addTool({ program, pathOf }: ModeRun, outfile: string, written: readonly string[]): Promise<readonly string[]> {
  if (program.tool === undefined) throw difftarError('TOOL_NOT_FOUND', 'Cannot put the program beside the tarball: this is not the single file', { hint: 'Use difftar.mjs, or build it with `npm run bundle` in packages/difftar.' })
  return putTool(dirname(pathOf(outfile)), { tool: program.tool, written, signal: program.signal })
}
