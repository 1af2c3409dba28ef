import { readInto } from '../index/byte-source.ts'
import type { ByteSource, IndexSkeleton } from '../index/index-types.ts'
import { createScan, describe, makeRoom, type RowBatch, type Scan, step } from './scan-driver.ts'
import { returnScannerEngine, ROW_END, ROW_KEY, ROW_KEY_LENGTH, ROW_WORDS, SCAN_DONE, SCAN_NEED_MORE } from './scanner-engine.ts'
import type { RecallKeys } from './section-keys.ts'

/** Bytes that are read at once. */
const READ_BYTES = 1 << 18
/** What a step scans when it is to scan little: this, or what the other document has there and a bit more. */
const LITTLE = 1 << 11
const MARGIN = 1 << 8
/** Rows that are compared at once, at first. */
const STRETCH = 64
const COMMA = 0x2c

/** Scans one document as fast as it is asked to. For documents whose keys are in order: no key is looked up among all before it. */
export interface IndexStepper {
  /** Scans on until there are rows; undefined when the document is over. `little`: no more rows than needed. */
  readonly next: (little: boolean) => RowBatch | undefined
  /** How many rows of another document, from `first` on, stand next in this one too, byte for byte. They count as scanned. */
  readonly pass: (other: RowBatch, first: number) => number
  /** The document, when `next` has said that it is over. */
  readonly end: () => IndexSkeleton
}

interface Stepping {
  readonly scan: Scan
  readonly source: ByteSource
  /** How much of the source is read. */
  position: number
  /** How much a little step scans: more, the longer nothing could be passed. 0 just after something was. */
  reach: number
  /** Nothing more can be scanned of what was read. */
  hungry: boolean
}

/** Creates a stepper at the start of a document. The batches it gives are valid until the next call. */
export function createIndexStepper(source: ByteSource): IndexStepper {
  const found: { batch: RowBatch | undefined } = { batch: undefined }
  const scan = createScan((batch) => { found.batch = batch }, { ordered: true })
  const stepping: Stepping = { scan, source, position: 0, reach: LITTLE, hungry: source.length > 0 }
  let over = source.length === 0

  return {
    next(little) {
      found.batch = undefined
      while (!over && found.batch === undefined) over = !advance(stepping, little)
      return found.batch
    },
    pass(other, first) {
      const rows = passEqual(stepping, other, first)
      if (rows > 0) stepping.reach = 0
      else stepping.reach = stepping.reach === 0 ? rowWord(other, first, ROW_END) - commaOf(other, first) + MARGIN : Math.min(stepping.reach * 2, READ_BYTES)
      return rows
    },
    end() {
      const skeleton = describe(scan)
      returnScannerEngine(scan.engine)
      return skeleton
    },
  }
}

/** Reads the keys of a section of a source again. The scan that asks has found them in order. */
export function recallFrom(source: ByteSource): RecallKeys {
  return (section, records, add) => {
    const stepper = createIndexStepper(source)
    for (let missing = records; missing > 0;) {
      const batch = stepper.next(false)
      if (batch === undefined) throw new RangeError('The document is not what it was')
      if (batch.section === section) missing -= addKeys(batch, missing, add)
    }
  }
}

function addKeys({ engine, rows }: RowBatch, most: number, add: (low: number, high: number) => void): number {
  const { words, at, calls } = engine
  const count = Math.min(rows, most)
  calls.hashKeys()
  for (let word = at.keyHashes / 4; word < at.keyHashes / 4 + count * 2; word += 2) add(words[word] ?? 0, words[word + 1] ?? 0)
  return count
}

/** One step; false when the document is over. */
function advance(stepping: Stepping, little: boolean): boolean {
  if (stepping.hungry) refill(stepping)
  const { scan, source } = stepping
  const to = little ? Math.min(scan.have, scan.next + (stepping.reach || LITTLE)) : scan.have
  const before = scan.next
  const status = step(scan, to, to === scan.have && stepping.position === source.length)
  if (status === SCAN_NEED_MORE && to === scan.have) stepping.hungry = true
  if (status === SCAN_NEED_MORE && scan.next === before) stepping.reach = (stepping.reach || LITTLE) * 2
  return status !== SCAN_DONE
}

function refill(stepping: Stepping): void {
  const { scan, source } = stepping
  makeRoom(scan)
  const start = scan.engine.at.window + scan.have
  const length = Math.min(READ_BYTES, scan.engine.capacity - scan.have, source.length - stepping.position)
  readInto(source, scan.engine.bytes.subarray(start, start + length), stepping.position)
  stepping.position += length
  scan.have += length
  stepping.hungry = false
}

/**
 * Behind the same state the same bytes mean the same: a record that was found valid in one document, comma in front included, is valid
 * in the other where it stands behind a record of the same section. What is left to check is that its key comes in order.
 */
function passEqual(stepping: Stepping, other: RowBatch, first: number): number {
  const { scan, source } = stepping
  if (scan.open?.section !== other.section) return 0
  if (scan.have - scan.next < READ_BYTES / 4 && stepping.position < source.length) refill(stepping)
  const start = commaOf(other, first)
  if (other.engine.bytes[other.engine.at.window + start] !== COMMA) return 0
  const rows = countEqual(scan, other, { first, start })
  if (rows === 0) return 0
  const { calls } = scan.engine
  const shift = scan.next - start
  if (calls.follows(rowWord(other, first, ROW_KEY) + shift, rowWord(other, first, ROW_KEY_LENGTH)) === 0) return 0
  const last = first + rows - 1
  calls.pass(rowWord(other, last, ROW_KEY) + shift, rowWord(other, last, ROW_KEY_LENGTH))
  scan.next = rowWord(other, last, ROW_END) + shift
  scan.open.records += rows
  return rows
}

/** Rows of another document that stand at the place where the scan goes on. */
function countEqual(scan: Scan, other: RowBatch, { first, start }: { readonly first: number; readonly start: number }): number {
  const left = other.engine
  const right = scan.engine
  let row = first
  let at = scan.next
  let from = start
  for (let width = STRETCH; width > 0 && row < other.rows;) {
    const to = Math.min(row + width, other.rows)
    const end = rowWord(other, to - 1, ROW_END)
    const stop = at + end - from
    const here = right.at.window
    const there = left.at.window
    if (stop <= scan.have && left.bytes.compare(right.bytes, here + at, here + stop, there + from, there + end) === 0) {
      row = to
      at = stop
      from = end
    } else width >>= 2
  }
  return row - first
}

function rowWord({ engine }: RowBatch, row: number, word: number): number {
  return engine.words[engine.at.rows / 4 + row * ROW_WORDS + word] ?? 0
}

/** Where a comma stands in front of a row, if nothing else stands there. */
function commaOf(batch: RowBatch, row: number): number {
  return rowWord(batch, row, ROW_KEY) - 2
}
