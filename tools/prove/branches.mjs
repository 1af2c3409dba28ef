// Every branch of the code that changes or guards a mirror is taken by a test: part of `npm run prove`.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import process from 'node:process'
import { binPath, environment, root } from '../lib/workspace.mjs'

const { folder } = JSON.parse(process.argv[2] ?? '{}')
/** Commit, recovery, guards and apply: the files whose every branch has to be taken. */
const COVERED = {
  'packages/store': ['commit-transaction', 'commit-steps', 'prepare-commit', 'apply-journal', 'recover', 'journal', 'add-files', 'link-or-copy', 'tidy', 'lock'],
  'packages/delta': ['guards', 'changeset'],
  'packages/difftar': ['apply/apply-delta', 'apply/adopt-tree', 'apply/check-base', 'apply/decide', 'apply/files-to-put', 'apply/ground', 'apply/plan-apply', 'apply/write-request'],
}
const found = { points: 0, failed: 0, findings: [], notes: [] }

/** Branches of one file that no test takes, by their lines. */
const missed = ({ branchMap, b }) => Object.entries(branchMap).flatMap(([id, { locations }]) => b[id].flatMap((count, index) => (count === 0 ? [locations[index].start.line ?? branchMap[id].loc.start.line] : [])))

for (const [place, names] of Object.entries(COVERED)) {
  const own = join(folder, place.replace('/', '-'))
  const { status, stdout, stderr } = spawnSync(binPath('vitest'), ['run', '--coverage.enabled', '--coverage.provider=v8', '--coverage.reporter=json', `--coverage.reportsDirectory=${own}`, ...names.map((name) => `--coverage.include=src/${name}.ts`)], { cwd: join(root, place), env: environment({ CI: '1' }), encoding: 'utf8' })
  if (status !== 0) {
    found.findings.push(`${place}: its tests fail: ${(stdout + stderr).slice(-800)}`)
    continue
  }
  const report = JSON.parse(readFileSync(join(own, 'coverage-final.json'), 'utf8'))
  for (const [path, file] of Object.entries(report)) {
    const branches = Object.values(file.b).flat()
    const lines = missed(file)
    found.points += branches.length
    found.notes.push(`${relative(root, path)}: ${branches.length - lines.length} of ${branches.length} branches${lines.length > 0 ? `; open: lines ${lines.join(', ')}` : ''}`)
    if (lines.length > 0) found.findings.push(`${relative(root, path)}: no test takes the branches in ${lines.length === 1 ? 'line' : 'lines'} ${lines.join(', ')}`)
  }
}
found.failed = found.findings.length
process.stdout.write(`${JSON.stringify({ prove: found })}\n`)
