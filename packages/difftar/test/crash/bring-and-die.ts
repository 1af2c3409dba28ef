// Arguments: the mirror, a volume. Keeps the volume, and is killed when the copy has bytes and no name yet.
import fs from 'node:fs'
import { applyDelta } from '../../src/index.ts'

const [mirror = '', volume = ''] = process.argv.slice(2)
const { fdatasyncSync } = fs
fs.fdatasyncSync = (fd) => {
  process.kill(process.pid, 'SIGKILL')
  fdatasyncSync(fd)
}
await applyDelta({ from: volume, mirror, incomplete: 'keep' })
