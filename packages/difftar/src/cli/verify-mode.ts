import { join } from 'node:path'
import { compareArtifacts } from '@mirror/store'
import { findChannels, readChannel } from '../tree/read-tree.ts'
import type { ModeRun } from './run-diff-tar.ts'

const WORDS = { missing: 'Missing', size: 'Size mismatch', digest: 'MD5 mismatch', 'not-a-file': 'Not a file', 'stale-variant': 'Stale' } as const

/** Compares all that the indexes list, and the indexes with one another. Exit status 1 when something is wrong. */
export async function verifyMode({ program, flags, repository, warn }: ModeRun): Promise<number> {
  let checked = 0
  let wrong = 0
  const tell = async (word: string, path: string, fault: string): Promise<void> => {
    wrong += 1
    await program.stdout(flags.json === true ? `${JSON.stringify({ path, fault })}\n` : `${word}: ${path}\n`)
  }
  for (const found of findChannels(repository, warn)) {
    const stale: string[] = []
    const channel = await readChannel(found, { signal: program.signal, observe: ({ path, isWrong }) => { if (isWrong) stale.push(path) } })
    for (const path of stale) await tell(WORDS['stale-variant'], join(repository, path), 'stale-variant')
    for (const { subdir, table } of channel.indexes) for (const { key, fault } of table.faults) await tell('Cannot be verified', join(found.root, subdir, key), fault)
    const sets = channel.indexes.map(({ artifacts }) => artifacts)
    for (const { path, fault } of await compareArtifacts({ root: found.root, sets, threads: 1, signal: program.signal })) await tell(WORDS[fault], join(found.root, path), fault)
    checked += sets.reduce((sum, { count }) => sum + count, 0)
  }
  program.stderr(`${checked} artifacts verified, ${wrong} ${wrong === 1 ? 'thing is' : 'things are'} wrong\n`)
  return wrong === 0 ? 0 : 1
}
