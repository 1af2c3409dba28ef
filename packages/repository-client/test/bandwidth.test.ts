import { test } from 'vitest'
import { createBandwidth } from '../src/bandwidth.ts'
import { artifactOf, bytesOf, LARGE_NAME, readAll, SMALL_NAME, test as testWithUpstream } from './upstream.ts'

test('createBandwidth() lets no more through than so many bytes a second, whoever asks', async ({ expect }) => {
  let time = 0
  const bandwidth = createBandwidth(1000, { now: () => time, sleep: async (milliseconds) => void (time += milliseconds) })
  for (let index = 0; index < 100; index += 1) await bandwidth.take(50)
  expect(time).toBeCloseTo(5000, 6)
})

test('createBandwidth() does not save up more than a tenth of a second', async ({ expect }) => {
  let time = 0
  const bandwidth = createBandwidth(1000, { now: () => time, sleep: async (milliseconds) => void (time += milliseconds) })
  time = 60_000
  await bandwidth.take(100)
  expect(time).toBe(60_000)
  await bandwidth.take(100)
  expect(time).toBe(60_100)
})

testWithUpstream('a client with a bandwidth gives the same bytes', async ({ expect, channel, open }) => {
  const { client } = open({ bandwidth: 20_000_000 })
  for (const name of [SMALL_NAME, LARGE_NAME]) {
    const artifact = artifactOf(channel, name)
    expect(await readAll(await client.fetchArtifact(artifact))).toEqual(await bytesOf(channel, artifact))
  }
})
