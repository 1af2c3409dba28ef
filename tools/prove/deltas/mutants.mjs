/** Disciplines of what writes and takes deltas, each left out once: texts of the sources that are replaced while they are loaded, and the check in `checks.mjs` that has to see it. */
export const MUTANTS = [
  {
    name: 'leaves the old manifest while it writes', check: 'kills of the recorder',
    edits: [{ file: 'difftar/src/create/write-directory.ts', from: '    fs.rmSync(join(folder, MANIFEST_PATH), { force: true })\n', to: '' }],
  },
  {
    name: 'tells a run that failed as one that found nothing new', check: 'errors of the recorder',
    edits: [{ file: 'cli/src/commands/sync.ts', from: 'recorder === undefined || isLost ? undefined', to: 'recorder === undefined ? undefined' }],
  },
  { name: 'does not sync files of a delta', check: 'weak disk of the recorder', edits: [{ file: 'difftar/src/files/write-file.ts', from: '        fs.fdatasyncSync(fd)\n', to: '' }] },
  { name: 'does not sync folders of a delta', check: 'weak disk of the recorder', edits: [{ file: 'difftar/src/files/change-disk.ts', from: '        fs.fsyncSync(fd)\n', to: '' }] },
  {
    name: 'gives a tarball its name at once', check: 'kills of --create',
    edits: [{ file: 'difftar/src/files/write-file.ts', from: "  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.part`)\n", to: '  const draft = path\n  fs.rmSync(path, { force: true })\n' }],
  },
  {
    name: 'takes a short write of a delta for a whole one', check: 'short writes of --create',
    edits: [{ file: 'difftar/src/files/write-file.ts', from: 'start += fs.writeSync(fd, bytes, start, Math.min(WRITE_BYTES, bytes.length - start))', to: 'start += Math.max(WRITE_BYTES, fs.writeSync(fd, bytes, start, Math.min(WRITE_BYTES, bytes.length - start)))' }],
  },
  { name: 'does not verify the delta first', check: 'a damaged delta', edits: [{ file: 'difftar/src/apply/apply-delta.ts', from: '  await delta.verify({ signal: options.signal, observe: options.observe })\n', to: '' }] },
  { name: 'takes any base', check: 'another base', edits: [{ file: 'difftar/src/apply/decide.ts', from: '  if (!fits) throw mismatch(root, part, current)\n', to: '' }] },
  { name: 'goes back with an older delta', check: 'an older delta', edits: [{ file: 'difftar/src/apply/decide.ts', from: '  if (isOlder && !(allowOlder && fits)) throw older(root, { fits, sequence, last })\n', to: '' }] },
  { name: 'does not look whether what stays is whole', check: 'a mirror that is not whole', edits: [{ file: 'difftar/src/apply/apply-delta.ts', from: '  await checkBase({ plan, root, reader, deep: options.deep ?? false, signal })\n', to: '' }] },
]
