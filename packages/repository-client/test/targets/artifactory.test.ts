import { startArtifactoryServer } from '@mirror/test-fixtures'
import { describeTarget } from './conformance.ts'
import { adaptDouble, WRITERS } from './double-set-up.ts'

describeTarget('artifactory', {
  kind: 'artifactory',
  start: async (options = {}) => adaptDouble(await startArtifactoryServer({ channels: { eggs: { writers: WRITERS } }, ...options }), { channel: 'eggs', path: '/artifactory' }),
  bytesCall: 'PUT file',
  emptyFile: 'uploaded',
  overwrites: true,
})
