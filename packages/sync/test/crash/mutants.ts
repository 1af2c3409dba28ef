/** One discipline of the product, left out: texts of its sources that are replaced while they are loaded, and the check that has to see it. */
export interface Mutant {
  readonly name: string
  readonly edits: readonly Edit[]
  readonly check: CheckName
}

/** The text must be there, once: a mutant that changes nothing is an error. */
export interface Edit {
  /** The end of the module's URL. */
  readonly file: string
  readonly from: string
  readonly to: string
}

export type CheckName = 'kills' | 'weak disk' | 'short writes' | 'wrong bytes' | 'rotten files' | 'failed sync' | 'guards' | 'two writers' | 'locks of the dead' | 'roll forward'

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'no fsync of files', check: 'weak disk',
    edits: [{ file: 'store/src/sync-queue.ts', from: 'await io.sync(fd)', to: 'await Promise.resolve()' }],
  },
  {
    name: 'no fsync of folders', check: 'weak disk',
    edits: [{ file: 'store/src/add-files.ts', from: 'for (const folder of folders) await io.syncDirectory(folder)', to: '' }],
  },
  {
    name: 'deletes before it adds', check: 'kills',
    edits: [{
      file: 'store/src/prepare-commit.ts',
      from: 'await addArtifacts(context, options, adder)',
      to: 'for (const set of removedSets(changeset)) for (const { subdir, name } of set) io.unlink(`${paths.root}/${subdir}/${name}`)\n  await addArtifacts(context, options, adder)',
    }],
  },
  {
    name: 'publishes indexes before artifacts', check: 'kills',
    edits: [
      { file: 'store/src/prepare-commit.ts', from: 'await adder.addArtifact(artifact)', to: ';(globalThis.later ??= []).push(() => adder.addArtifact(artifact))' },
      { file: 'store/src/commit-transaction.ts', from: 'await applyJournal(context, journal, observe)', to: 'await applyJournal(context, journal, observe)\n  for (const add of globalThis.later ?? []) await add()\n  globalThis.later = []' },
    ],
  },
  {
    name: 'overwrites in place', check: 'kills',
    edits: [{
      file: 'store/src/apply-journal.ts',
      from: '  io.rename(from, to)\n  return true',
      to: "  const bytes = fs.readFileSync(from)\n  const fd = fs.existsSync(to) ? io.append(to) : io.create(to, 0o644)\n  io.truncate(fd, 0)\n  writeAll(io, fd, bytes)\n  io.close(fd)\n  io.unlink(from)\n  return true",
    }],
  },
  {
    name: 'takes no lock', check: 'two writers',
    edits: [{ file: 'store/src/lock.ts', from: 'PRAGMA busy_timeout=0; PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE', to: 'PRAGMA busy_timeout=0' }],
  },
  {
    name: 'locks with a file that stays', check: 'locks of the dead',
    edits: [
      { file: 'store/src/lock.ts', from: '  createLockFile(io, path, mode)\n', to: '  if (fs.existsSync(`${path}.pid`)) return undefined\n  io.close(io.create(`${path}.pid`, mode))\n  createLockFile(io, path, mode)\n' },
      { file: 'store/src/lock.ts', from: 'if (held.delete(database)) database.close()', to: 'if (held.delete(database)) {\n        database.close()\n        io.unlink(`${path}.pid`)\n      }' },
    ],
  },
  {
    name: 'has no guards', check: 'guards',
    edits: [{ file: 'sync/src/sync-channel.ts', from: 'checkGuards(outcomes.map(subdirFacts).filter((facts) => facts !== undefined),', to: 'checkGuards([],' }],
  },
  {
    name: 'keeps no journal', check: 'roll forward',
    edits: [{ file: 'store/src/commit-transaction.ts', from: 'await writeJournal(context, journal)', to: '' }],
  },
  {
    name: 'looks at sizes only, of what comes', check: 'wrong bytes',
    edits: [{ file: 'store/src/staging.ts', from: 'if (found.hex !== digestHex(digest)) {', to: 'if (digestHex(digest) === found.hex && found.size < 0) {' }],
  },
  {
    name: 'looks at sizes only, of what is there', check: 'rotten files',
    edits: [{ file: 'store/src/hash-file.ts', from: "return hex === digestHex(digest) ? 'right' : 'digest'", to: "return hex === digestHex(digest) ? 'right' : 'right'" }],
  },
  {
    name: 'takes a short write for a whole one', check: 'short writes',
    edits: [{ file: 'store/src/disk-write.ts', from: 'start += written', to: 'start += Math.min(bytes.length - start, WRITE_BYTES)' }],
  },
  {
    name: 'tries a failed fsync again', check: 'failed sync',
    edits: [{ file: 'store/src/sync-queue.ts', from: '    failed(error)\n', to: '    await io.sync(fd).catch(failed)\n    if (error === undefined) return\n' }],
  },
]
