import fs from 'node:fs'
import { basename, join } from 'node:path'
import { digestHex } from '@mirror/core'
import { difftarError } from '../difftar-error.ts'
import { digestOfFile } from '../files/digest-of-file.ts'
import { openFile } from '../files/open-file.ts'
import { createDraft, writeSmallFile } from '../files/write-file.ts'

/** What `putTool` needs to know. */
export interface PutToolOptions {
  /** The program: the single file `difftar.mjs`, or the executable that needs no Node. It keeps its kind, not its path. */
  readonly tool: string
  /** The tarball, its volumes, or a delta directory. */
  readonly written: readonly string[]
  readonly signal?: AbortSignal | undefined
}

const SCRIPT = 'difftar.mjs'
const EXECUTABLE = 'conda-diff-tar'
const README = 'difftar-readme.txt'
const SUMS = 'difftar.sha256'

/**
 * Puts the program that reads a delta beside it, so that the medium carries what it needs: `difftar.mjs` (or `conda-diff-tar`), `difftar-readme.txt`, and `difftar.sha256` with the checksums of both and of the tarballs, for
 * `sha256sum -c`. Into a delta directory, whose own manifest has the checksums of the rest. Answers what was written. Throws `TOOL_NOT_FOUND`.
 */
export async function putTool(folder: string, { tool, written, signal }: PutToolOptions): Promise<readonly string[]> {
  const name = basename(tool).endsWith('.mjs') ? SCRIPT : EXECUTABLE
  const place = join(folder, name)
  if (!isSame(tool, place)) await copyTool(tool, place)
  writeSmallFile(join(folder, README), describeUse(name, deltaNameOf(folder, written)))
  const summed = [place, join(folder, README), ...written.filter((path) => !fs.statSync(path).isDirectory())]
  const lines: string[] = []
  for (const path of summed) lines.push(`${await sumOf(path, signal)}  ${basename(path)}\n`)
  writeSmallFile(join(folder, SUMS), lines.join(''))
  return [place, join(folder, README), join(folder, SUMS)]
}

function isSame(left: string, right: string): boolean {
  const stat = fs.statSync(right, { throwIfNoEntry: false })
  const own = fs.statSync(left, { throwIfNoEntry: false })
  return stat !== undefined && own !== undefined && stat.dev === own.dev && stat.ino === own.ino
}

async function copyTool(tool: string, place: string): Promise<void> {
  await using file = await openFile(tool, { follow: true })
  if (file === undefined) throw difftarError('TOOL_NOT_FOUND', `Cannot put the program beside the delta: there is no ${tool}`, { hint: 'Build it with `npm run bundle` in packages/difftar, or take it from the published package.' })
  const draft = createDraft(place, 0o755)
  try {
    for await (const piece of file.pieces(0, file.size)) draft.write(piece)
    draft.publish()
  } finally {
    draft.discard()
  }
}

async function sumOf(path: string, signal: AbortSignal | undefined): Promise<string> {
  const file = await digestOfFile(path, { follow: true, signal })
  if (file === undefined) throw difftarError('TOOL_NOT_FOUND', `Cannot read ${path}: it is gone`, { hint: 'Run the same command again.' })
  return digestHex(file.digest)
}

/** What to name behind `-i`: volumes are found by the name of the tarball that they are parts of, also those that are on this medium alone. */
function deltaNameOf(folder: string, written: readonly string[]): string {
  const [first = folder] = written
  return first === folder ? '.' : basename(first).replace(/\.vol\d+\.tar$/, '.tar')
}

function describeUse(name: string, delta: string): string {
  const [needs, start] = name === SCRIPT ? ['On a machine with Node.js 22.15 or later, and without a network', `node ${SCRIPT}`] : ['On a machine with Linux, without a network and without Node.js', `./${EXECUTABLE}`]
  return `This medium carries a change to a mirror of conda channels.

${needs}, in the folder of this file:

    sha256sum -c --ignore-missing ${SUMS}
    ${start} --apply -i ${delta} /path/of/the/mirror

Everything is verified before the mirror changes. Where there are several media, run the second line with each of them, in any order: what
came is kept in the mirror until all are there. \`${start} -h\` tells the rest.
`
}
