import { readInto, toByteSource } from '../index/byte-source.ts'
import type { ByteSource, IndexSection, IndexSink, IndexSkeleton, NotedField, RecordView } from '../index/index-types.ts'
import { recallFrom } from './index-stepper.ts'
import { decodeString, endOfValue, isScalarByte, skipBlanks } from '../json/json-keys.ts'
import { finish, type Steps } from '../steps.ts'
import { createScanDriver, type RowBatch, type RowSink } from './scan-driver.ts'
import { ROW_END, ROW_KEY, ROW_KEY_LENGTH, ROW_VALUE, ROW_WORDS } from './scanner-engine.ts'

/** A scanner that is fed. */
export interface IndexScanner {
  /** Takes the next bytes of the document, any number of them; they may be overwritten afterwards. Throws `INDEX_MALFORMED` or `INDEX_IMPLAUSIBLE`. */
  readonly write: (chunk: Uint8Array) => void
  /** Says that the document is over. Throws the same. */
  readonly end: () => IndexSkeleton
}

const QUOTE = 0x22

const FIELD_COLUMNS = {
  name: 5, version: 6, build: 7, build_number: 8, size: 9, md5: 10, sha256: 11, timestamp: 12, indexed_timestamp: 13, url: 14, subdir: 15,
  license: 16, license_family: 17, noarch: 18, depends: 19,
} as const satisfies Record<NotedField, number>

/**
 * Creates a scanner for one repodata document (CEP 36, CEP 48) that is written to it in chunks of any size. It is a strict JSON
 * reader: the document is read whole or refused. `INDEX_MALFORMED` names the byte where it stops being JSON (RFC 8259; also a
 * repeated key, half of a surrogate pair, nesting beyond 512); `INDEX_IMPLAUSIBLE` says that it is JSON but no index. A document
 * of no bytes is `{}` (CEP 36). Records reach the sink before the rest of the document is known to be sound.
 *
 * Memory is 3 MiB and 8 bytes a record (with `scanIndex` only where keys are out of order); the window of 512 KiB grows for a
 * record or top-level value that is bigger, up to 128 MiB.
 */
export function createIndexScanner(sink: IndexSink): IndexScanner {
  const { write, end } = createScanDriver(createViewSink(sink))
  return { write, end }
}

/** Scans a document that can be read anywhere; the same as writing all of it to `createIndexScanner`. */
export function scanIndex(source: ByteSource | Uint8Array, sink: IndexSink): IndexSkeleton {
  return driveScan(toByteSource(source), createViewSink(sink))
}

/** Scans all of a source. */
export function driveScan(source: ByteSource, sink: RowSink): IndexSkeleton {
  return finish(driveScanInSteps(source, sink))
}

/** The same as `scanIndex`, in steps of a window each: between them it can wait, or be given up. */
export function scanIndexInSteps(source: ByteSource, sink: IndexSink): Steps<IndexSkeleton> {
  return driveScanInSteps(source, createViewSink(sink))
}

function* driveScanInSteps(source: ByteSource, sink: RowSink): Steps<IndexSkeleton> {
  const driver = createScanDriver(sink, recallFrom(source))
  for (let position = 0; position < source.length;) {
    const room = driver.room()
    const part = room.length > source.length - position ? room.subarray(0, source.length - position) : room
    readInto(source, part, position)
    position += part.length
    driver.filled(part.length)
    yield
  }
  return driver.end()
}

/** One view for all records of a document: it moves from row to row. */
interface MovingView extends RecordView {
  section: IndexSection
  bytes: Uint8Array
  start: number
  end: number
  position: number
}

/** Longer values are not worth remembering. */
const REMEMBERED_BYTES = 64

/** Reads values as text. Neighbours often have the same name: a string like the one before it is not made again. */
function createTextReader(): (bytes: Buffer, start: number) => string {
  const last = Buffer.alloc(REMEMBERED_BYTES)
  let length = 0
  let text = ''

  function isLast(bytes: Buffer, start: number): boolean {
    for (let at = 0; at < length; at += 1) if (bytes[start + at] !== last[at]) return false
    return length > 0
  }

  return (bytes, start) => {
    if (isLast(bytes, start)) return text
    const end = endOfValue(bytes, start)
    const value = bytes.toString('utf8', start, end)
    // Of a string the closing quote is compared too; a number could go on.
    if (bytes[start] === QUOTE && end - start <= REMEMBERED_BYTES) {
      length = bytes.copy(last, 0, start, end)
      text = value
    }
    return value
  }
}

/** Whole numbers of so many digits are exact. */
const EXACT_DIGITS = 15

/** The number that starts at `start`, in valid JSON; nothing starts at -1. */
function readNumber(bytes: Buffer, start: number): number | undefined {
  if (start < 0) return undefined
  let value = 0
  let at = start
  for (let digit = (bytes[at] ?? 0) - 48; digit >= 0 && digit <= 9 && at < start + EXACT_DIGITS; digit = (bytes[at] ?? 0) - 48) {
    value = value * 10 + digit
    at += 1
  }
  if (at > start && !isScalarByte(bytes[at])) return value
  const number = Number(bytes.toString('latin1', start, endOfValue(bytes, start)))
  return Number.isFinite(number) ? number : undefined
}

/** Turns rows into calls of `sink.record`. */
export function createViewSink(sink: IndexSink): RowSink {
  const { record } = sink
  if (record === undefined) return () => undefined
  let buffer: Buffer = Buffer.alloc(0)
  let words: Uint32Array = new Uint32Array(0)
  let suffix = ''
  let window = 0
  let word = 0
  const readers: Partial<Record<NotedField, ReturnType<typeof createTextReader>>> = {}

  const view: MovingView = {
    section: 'packages',
    bytes: buffer,
    start: 0,
    end: 0,
    position: 0,
    key() {
      const start = window + (words[word + ROW_KEY] ?? 0) - 1
      return decodeString(buffer, start, start + (words[word + ROW_KEY_LENGTH] ?? 0) + 2) + suffix
    },
    startOf(name) {
      const offset = words[word + FIELD_COLUMNS[name]] ?? 0
      return offset === 0 ? -1 : skipBlanks(buffer, window + offset)
    },
    field(name) {
      const start = view.startOf(name)
      return start < 0 ? undefined : (readers[name] ??= createTextReader())(buffer, start)
    },
    number: (name) => readNumber(buffer, view.startOf(name)),
  }

  return (batch: RowBatch) => {
    const { engine } = batch
    buffer = engine.bytes
    words = engine.words
    suffix = batch.suffix
    window = engine.at.window
    view.section = batch.section
    view.bytes = buffer
    word = engine.at.rows / 4
    for (let row = 0; row < batch.rows; row += 1, word += ROW_WORDS) {
      const start = words[word + ROW_VALUE] ?? 0
      view.start = window + start
      view.end = window + (words[word + ROW_END] ?? 0)
      view.position = batch.base + start
      record(view)
    }
  }
}
