import { startServer6 } from '@mirror/test-fixtures'
import { expect, test } from 'vitest'
import { describeTarget } from './conformance.ts'
import { adaptDouble, WRITERS } from './double-set-up.ts'
import { createArtifactMaker } from './made-artifacts.ts'
import type { TargetSetUp } from './server-under-test.ts'
import { createWatch } from './watched-target.ts'

const COMMON = { kind: 'anaconda6', bytesCall: 'POST artifacts', emptyFile: 'TARGET_REFUSED' } as const satisfies Partial<TargetSetUp>

describeTarget('anaconda6', {
  ...COMMON,
  start: async (options = {}) => adaptDouble(await startServer6({ channels: { eggs: { writers: WRITERS } }, ...options }), { channel: 'eggs' }),
})

describeTarget('anaconda6 of the newer API, with a channel in a channel', {
  ...COMMON,
  start: async (options = {}) => {
    const server = await startServer6({ channels: { 'eggs/spam': { writers: WRITERS } }, generation: 'repocore', ...options })
    return adaptDouble(server, { channel: 'eggs/spam', path: '/api/repo' })
  },
})

test('anaconda6: a file is found among more than are told at once', async () => {
  await using server = adaptDouble(await startServer6({ channels: { eggs: { writers: WRITERS } } }), { channel: 'eggs' })
  const [maker, watch] = [await createArtifactMaker(), createWatch({ kind: 'anaconda6' })]
  const target = watch.open(server)
  const all = await Promise.all(Array.from({ length: 101 }, async (_, index) => await maker.make({ name: 'foo', build: String(index) })))
  for (const made of all) await target.upload(made)
  server.reset()
  const looks = await Promise.all(all.map(async ({ artifact }) => await target.look(artifact)))
  expect(looks.filter((look) => look?.status === 'present' && look.bytes === 'same')).toHaveLength(101)
  expect([server.calls().length, server.refused()]).toEqual([102, []])
  await watch.close()
  await maker.close()
}, 60_000)
