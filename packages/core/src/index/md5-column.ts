import { type ArtifactColumns, decodeHex, DIGEST_BYTES, MARK_MD5 } from '../artifact/artifact-columns.ts'
import { createColumn } from '../columns/columns.ts'
import { skipBlanks } from '../json/json-keys.ts'
import type { RowBatch } from '../scanner/scan-driver.ts'
import { ROW_WORDS } from '../scanner/scanner-engine.ts'

/** The md5 of each record, beside the digest that counts. */
export interface Md5Column {
  readonly add: (batch: RowBatch) => void
  /** Whether the record of a row has one. */
  readonly has: (row: number) => boolean
  /** What takes the place of the digests. */
  readonly columns: Pick<ArtifactColumns, 'digests' | 'marks'>
}

/** Where the md5 of a row is, as assembly/index-scanner.ts has it. */
const ROW_MD5 = 10
const MD5_BYTES = 16
const QUOTE = 0x22

/** Creates an empty column. */
export function createMd5Column(): Md5Column {
  const digests = createColumn(Uint8Array, { width: DIGEST_BYTES })
  const marks = createColumn(Uint8Array)
  return {
    columns: { digests, marks },
    has: (row) => marks.chunk(row)[marks.cell(row)] === MARK_MD5,
    add(batch) {
      for (let done = 0; done < batch.rows;) {
        const digest = digests.reserve(batch.rows - done)
        const mark = marks.reserve(digest.rows)
        const into = { cells: digest.cells, at: digest.at, length: MD5_BYTES }
        for (let row = 0; row < digest.rows; row += 1, into.at += DIGEST_BYTES) if (decodeRow(batch, done + row, into)) mark.cells[mark.at + row] = MARK_MD5
        done += digest.rows
      }
    },
  }
}

/** Decodes the md5 of a row of a batch; false where it has none. */
function decodeRow({ engine }: RowBatch, row: number, into: Parameters<typeof decodeHex>[2]): boolean {
  const { bytes } = engine
  const offset = engine.words[engine.at.rows / 4 + row * ROW_WORDS + ROW_MD5] ?? 0
  if (offset === 0) return false
  const start = skipBlanks(bytes, engine.at.window + offset)
  return bytes[start] === QUOTE && bytes[start + 1 + MD5_BYTES * 2] === QUOTE && decodeHex(bytes, start + 1, into)
}
