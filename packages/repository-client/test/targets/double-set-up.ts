import { Secret } from '@mirror/core'
import type { TargetServer } from '@mirror/test-fixtures'
import type { ServerUnderTest } from './server-under-test.ts'

/** The tokens of who may write; `revoke` takes away the first. */
export const WRITERS: readonly [string, string] = ['first-1a2b3c4d-token', 'spare-9z8y7x6w-token']

/** A double with one channel, written to by `WRITERS`, as the suite needs it. */
export function adaptDouble(server: TargetServer, { channel, path = '' }: { readonly channel: string; readonly path?: string }): ServerUnderTest {
  const [token, spare] = WRITERS
  return {
    url: `${server.url}${path}`,
    channel,
    credential: { type: 'token', token: new Secret(token) },
    spare: { type: 'token', token: new Secret(spare) },
    secrets: WRITERS,
    calls: () => server.calls.map(({ kind }) => kind),
    refused: () => server.refused,
    files: () => server.files(channel).map((file) => ({ path: file.path, sha256: file.sha256 })),
    misbehave: (misbehaviour) => server.misbehave(misbehaviour),
    revoke: () => server.revoke(token),
    reset: () => server.reset(),
    [Symbol.asyncDispose]: async () => await server.close(),
  }
}
