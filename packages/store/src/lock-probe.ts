import { execFile } from 'node:child_process'
import type { StoreEvent } from './events.ts'
import { storeError } from './store-error.ts'

const LOCKED_OUT = 3
const ADMITTED = 4

/** What the second process runs: it must find the lock taken. */
const SCRIPT = `
process.removeAllListeners('warning')
const { DatabaseSync } = require('node:sqlite')
const database = new DatabaseSync(process.argv[1])
try {
  database.exec('PRAGMA busy_timeout=0; PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE')
} catch (error) {
  process.exit(error.errcode === 5 ? ${LOCKED_OUT} : 1)
}
process.exit(${ADMITTED})
`

/**
 * Checks with a second process that the lock which this one holds keeps others out: some network file systems grant every lock. Throws `STORE_NO_LOCKS`
 * when it does not; answers false, with a warning, where no second process can be started.
 */
export async function probeLock(path: string, observe: (event: StoreEvent) => void): Promise<boolean> {
  const code = await runProbe(path)
  if (code === LOCKED_OUT) return true
  if (code === ADMITTED) {
    throw storeError('STORE_NO_LOCKS', 'Cannot use the store: its file system does not keep a second process from taking the same lock', {
      hint: 'Use a local file system, or mount this one with locks.', details: { path },
    })
  }
  observe({ type: 'store-warning', warning: 'locks-not-verified' })
  return false
}

function runProbe(path: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--no-warnings', '-e', SCRIPT, path], { timeout: 20_000, windowsHide: true }, (error) => {
      resolve(error === null ? 0 : typeof error.code === 'number' ? error.code : undefined)
    })
  })
}
