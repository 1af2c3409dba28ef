import { expect, it } from 'vitest'
import { createIndexTableBuilder, readIndexTable } from '../../src/index/index-table.ts'
import type { ByteSource } from '../../src/index/index-types.ts'
import { parseSubdirName } from '../../src/channel/subdir.ts'
import { writeIndex } from '../../src/index/write-index.ts'

const linux = parseSubdirName('linux-64')
const HEAD = Buffer.from('{"info":{"subdir":"linux-64"},"packages":{},"packages.conda":{')
const TAIL = Buffer.from('},"removed":[],"repodata_version":1}')

/** A document of equal-sized entries that nobody has to store: any part of it can be computed. */
function virtualIndex(records: number): ByteSource {
  const entry = (number: number): Buffer => {
    const digits = String(number).padStart(8, '0')
    const depends = Array.from({ length: 8 }, (_, at) => `"dependency-${at} >=1.${digits}.0,<2.0a0"`).join(',')
    return Buffer.from(`"n${digits}-1.0-h0.conda":{"build":"h0","depends":[${depends}],"md5":"${digits.repeat(4)}","name":"n${digits}","sha256":"${digits.repeat(8)}","size":${number}}`)
  }
  const width = (number: number): number => String(number).length
  // Sizes have 1 to 7 digits, so entries of one width stand together.
  const groups = Array.from({ length: width(records - 1) }, (_, at) => ({ from: at === 0 ? 0 : 10 ** at, to: Math.min(records, 10 ** (at + 1)), bytes: entry(10 ** at).length + 1 }))
  let length = HEAD.length
  const starts = groups.map(({ from, to, bytes }) => {
    const start = length
    length += (to - from) * bytes
    return start
  })
  const end = length - 1
  length = end + TAIL.length

  function fill(target: Uint8Array, position: number): void {
    let done = 0
    const put = (bytes: Uint8Array, start: number): void => {
      const part = bytes.subarray(start, start + target.length - done)
      target.set(part, done)
      done += part.length
    }
    while (done < target.length) {
      const at = position + done
      if (at < HEAD.length) put(HEAD, at)
      else if (at >= end) put(TAIL, at - end)
      else {
        const group = starts.findLastIndex((start) => start <= at)
        const here = groups[group] ?? { from: 0, bytes: 1 }
        const offset = at - (starts[group] ?? 0)
        const number = here.from + Math.floor(offset / here.bytes)
        put(number === records - 1 ? entry(number) : Buffer.concat([entry(number), Buffer.from(',')]), offset % here.bytes)
      }
    }
  }

  return {
    length,
    readInto: fill,
    read(position, size) {
      const bytes = Buffer.allocUnsafe(size)
      fill(bytes, position)
      return bytes
    },
  }
}

it('reads and writes a document longer than the longest string', () => {
  const records = 1_300_000
  const source = virtualIndex(records)
  expect(source.length).toBeGreaterThan(536_870_888)
  const table = readIndexTable(source, linux)
  expect(table).toMatchObject({ rows: records, canonical: true, faults: [] })
  const last = table.sliceAt(records - 1)
  expect(last.position).toBeGreaterThan(536_870_888)
  expect(JSON.parse(Buffer.from(source.read(last.position, last.length)).toString())).toMatchObject({ name: `n${String(records - 1).padStart(8, '0')}`, size: records - 1 })
  expect(table.artifacts()).toMatchObject({ count: records, bytes: (records * (records - 1)) / 2 })
  const keep = new Uint8Array(records).map((_, row) => (row % 5 === 0 ? 0 : 1))
  const reader = createIndexTableBuilder(linux)
  let written = 0
  writeIndex({
    parts: [{ source, table, keep }],
    write: (chunk) => {
      written += chunk.length
      reader.write(chunk)
    },
  })
  const filtered = reader.end()
  expect(filtered).toMatchObject({ rows: (records / 5) * 4, canonical: true })
  expect(filtered.skeleton.length).toBe(written)
  expect(filtered.artifactAt(filtered.rows - 1)).toEqual(table.artifactAt(records - 1))
}, 300_000)
