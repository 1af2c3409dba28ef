import { startQuetzDouble } from '@mirror/test-fixtures'
import { describeTarget } from './conformance.ts'
import { adaptDouble, WRITERS } from './double-set-up.ts'

describeTarget('quetz', {
  kind: 'quetz',
  start: async (options = {}) => adaptDouble(await startQuetzDouble({ channels: { eggs: { writers: WRITERS } }, ...options }), { channel: 'eggs' }),
  bytesCall: 'POST upload',
  emptyFile: 'TARGET_UNREACHABLE',
  openCalls: ['GET channels', 'GET version'],
})
