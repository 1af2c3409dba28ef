import { parseSubdirName } from '@mirror/core'
import { startQuetzDouble } from '@mirror/test-fixtures'
import { expect, test } from 'vitest'
import { adaptDouble, WRITERS } from './double-set-up.ts'
import { createArtifactMaker } from './made-artifacts.ts'
import { createWatch } from './watched-target.ts'

test('quetz: an artifact that says another subdir of itself than its channel is refused by name, not taken for uploaded', async () => {
  await using server = adaptDouble(await startQuetzDouble({ channels: { eggs: { writers: WRITERS } } }), { channel: 'eggs' })
  const [maker, watch] = [await createArtifactMaker(), createWatch({ kind: 'quetz' })]
  const made = await maker.make({ name: 'foo' })
  const elsewhere = { ...made, artifact: { ...made.artifact, subdir: parseSubdirName('noarch') } }
  expect(await watch.failureOf(watch.open(server).upload(elsewhere))).toMatchObject({ code: 'TARGET_REFUSED', message: expect.stringContaining('does not have it there'), hint: expect.stringContaining('another subdir') })
  expect(server.files()).toMatchObject([{ path: 'linux-64/foo-1.0-0.conda' }])
  await watch.close()
  await maker.close()
})
