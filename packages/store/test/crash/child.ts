// Runs the reference transaction on a mirror, and kills itself at an operation: node child.ts <root> <at> <before|after>
import process from 'node:process'
import { createFaultyIo } from '../support/faulty-io.ts'
import { openReference, runReference } from '../support/reference.ts'

const [root = '', at = '', when = ''] = process.argv.slice(2)
const io = createFaultyIo({
  fault: { type: 'crash', at: Number.parseInt(at, 10), when: when === 'before' ? 'before' : 'after' },
  durable: true,
  die: () => process.kill(process.pid, 'SIGKILL'),
})
await runReference(openReference(root, io))
