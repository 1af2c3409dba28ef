import { startPrefixServer } from '@mirror/test-fixtures'
import { afterAll, describe, expect, test } from 'vitest'
import { describeTarget } from './conformance.ts'
import { adaptDouble, WRITERS } from './double-set-up.ts'
import { createArtifactMaker } from './made-artifacts.ts'
import type { TargetSetUp } from './server-under-test.ts'
import { createWatch } from './watched-target.ts'

/** Shards, zst, bz2 and json. */
const INDEX_FORMS = 4

const SET_UP: TargetSetUp = {
  kind: 'prefix',
  start: async (options = {}) => adaptDouble(await startPrefixServer({ channels: { eggs: { writers: WRITERS } }, ...options }), { channel: 'eggs' }),
  bytesCall: 'POST upload',
  emptyFile: 'TARGET_REFUSED',
  readingCalls: ['HEAD channel', 'GET channel'],
}

describeTarget('prefix', SET_UP)

describe('prefix: before the index lists an artifact', async () => {
  const maker = await createArtifactMaker()
  const [small, large] = [{ name: 'foo' }, { name: 'foo', size: 600_000 }]
  afterAll(async () => { await maker.close() })

  test.each([
    { bytes: 'same', what: 'the same', ours: small, theirs: small },
    { bytes: 'same', what: 'the same, many', ours: large, theirs: large },
    { bytes: 'other', what: 'others', ours: small, theirs: { ...small, salt: 'other' } },
    { bytes: 'other', what: 'others, more of them', ours: small, theirs: large },
    { bytes: 'other', what: 'others of many', ours: large, theirs: { ...large, salt: 'other' } },
  ])('its bytes tell which they are: $what', async ({ bytes, ours, theirs }) => {
    await using server = await SET_UP.start()
    const watch = createWatch(SET_UP)
    const target = watch.open(server)
    const [made, there] = [await maker.make(ours), await maker.make(theirs)]
    await target.upload(there)
    server.reset()
    // Every form of an index, before the artifact itself.
    server.misbehave({ kind: 'GET channel', times: INDEX_FORMS, fault: { do: 'status', status: 404 } })
    expect(await target.look(made.artifact)).toMatchObject({ status: 'present', bytes })
    expect([server.calls().filter((kind) => kind === 'GET channel').length > INDEX_FORMS, server.refused()]).toEqual([true, []])
    await watch.close()
  })
})
