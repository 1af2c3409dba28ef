import { parseSubdirName } from '@mirror/core'
import { describe, expect, test } from 'vitest'
import type { StoreReader } from '../src/contract.ts'
import { describeShards, describeWithdrawn, readShardDigests } from '../src/published-shards.ts'

const SUBDIR = parseSubdirName('linux-64')
const PATH = 'linux-64/repodata_shards.msgpack.zst'
const DIGEST = 'a'.repeat(64)

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** A reader of one subdir, with the bytes of some of its files. */
function createReader(files: Readonly<Record<string, Uint8Array>>, { hasIndex = true } = {}): StoreReader {
  const file = (path: string): { readonly path: string; readonly sha256: never; readonly size: number } => ({ path, sha256: DIGEST as never, size: 1 })
  const state = { subdirs: [{ subdir: SUBDIR, document: file('linux-64/repodata.json'), variants: hasIndex ? [file(PATH)] : [], artifacts: { count: 0, bytes: 0 } }], files: [] }
  return {
    generation: { number: 7, created: '', id: DIGEST as never, state },
    readArtifacts: async () => ({ count: 0 }) as never,
    openFile: async (path: string) => {
      const bytes = files[path]
      return bytes === undefined ? { status: 'gone' } : { status: 'found', size: bytes.length, body: once(bytes) }
    },
  } as unknown as StoreReader
}

describe('readShardDigests()', () => {
  test('has none where the generation has no shard index, whatever lies there', async () => {
    expect(await readShardDigests(createReader({ [PATH]: Buffer.from('x') }, { hasIndex: false }), SUBDIR)).toEqual(new Set())
  })

  test('says when the shard index is gone, or is none', async () => {
    await expect(readShardDigests(createReader({}), SUBDIR)).rejects.toMatchObject({ code: 'STORE_DAMAGED', message: expect.stringContaining(`${PATH} of generation 7: it is gone`) })
    await expect(readShardDigests(createReader({ [PATH]: Buffer.from('no index') }), SUBDIR)).rejects.toMatchObject({ code: 'SHARD_MALFORMED' })
  })
})

describe('describeShards()', () => {
  test('has the sizes of those that are there', async () => {
    const there = `linux-64/shards/${DIGEST}.msgpack.zst`
    const reader = createReader({ [there]: Buffer.alloc(12) })
    expect(await describeShards(reader, SUBDIR, [DIGEST as never, 'b'.repeat(64) as never])).toEqual([{ path: there, sha256: DIGEST, size: 12 }])
  })
})

describe('describeWithdrawn()', () => {
  test('goes on without shards where their index cannot be read', async () => {
    for (const files of [{}, { [PATH]: Buffer.from('no index') }]) {
      const reader = createReader(files)
      const [state] = reader.generation.state.subdirs
      if (state === undefined) throw new Error('no subdir')
      expect(await describeWithdrawn(reader, state)).toMatchObject({ state, shards: [] })
    }
  })
})
