import { Secret } from '@mirror/core'
import { startV4Server, type V4Server, type V4ServerOptions } from '@mirror/test-fixtures'
import type { ServerUnderTest, TargetSetUp } from './server-under-test.ts'

const TOKEN = 'eg-1a2b3c4d-token'
const SPARE = 'eg-9z8y7x6w-spare'

/** The double of a v4 server with the channel of one user, as the suite needs it. */
export function adaptV4(server: V4Server): ServerUnderTest {
  return {
    url: server.url,
    channel: 'eggs',
    credential: { type: 'token', token: new Secret(TOKEN) },
    spare: { type: 'token', token: new Secret(SPARE) },
    secrets: [TOKEN, SPARE],
    calls: () => server.calls.map(({ kind }) => kind),
    refused: () => server.refused,
    files: () => server.files('eggs').map(({ basename, sha256 }) => ({ path: basename, sha256 })),
    misbehave: (misbehaviour) => server.misbehave(misbehaviour),
    revoke: () => server.revoke(TOKEN),
    reset: () => server.reset(),
    [Symbol.asyncDispose]: async () => await server.close(),
  }
}

/** Starts the double with the users that the tests know. */
export async function startEggs(options: Partial<V4ServerOptions> = {}): Promise<V4Server> {
  return await startV4Server({ users: { eggs: { tokens: [TOKEN, SPARE] }, team: { members: ['eggs'] } }, ...options })
}

/** Of the v4 API. */
export const V4_SET_UP: TargetSetUp = {
  kind: 'anaconda',
  start: async ({ tls } = {}) => adaptV4(await startEggs(tls === undefined ? {} : { tls })),
  bytesCall: 'POST storage',
  emptyFile: 'ARTIFACT_UNREADABLE',
  openCalls: ['HEAD /', 'POST storage'],
  foreignCalls: ['POST storage'],
}
