import { SCANNER_WASM } from './scanner-wasm.ts'

/** How a scan ended; the numbers of assembly/index-scanner.ts. */
export const SCAN_NEED_MORE = 0
export const SCAN_SECTION_OPEN = 2
export const SCAN_SECTION_CLOSE = 3
export const SCAN_TOP_ENTRY = 4
export const SCAN_DONE = 5
export const SCAN_FAILED = 6
export const SCAN_V3_OPEN = 7

/** Words of a row. */
export const ROW_WORDS = 20
export const ROW_KEY = 0
export const ROW_KEY_LENGTH = 1
export const ROW_VALUE = 2
export const ROW_END = 3
export const ROW_FLAGS = 4

export const FLAG_UNSORTED = 2
export const FLAG_CHECK = 4

/** The functions that the compiled scanner exports; all numbers are 32 bits. */
export interface ScannerCalls {
  readonly reset: () => number
  readonly scan: (from: number, length: number, last: number) => number
  readonly tabulate: (suffix: number, rest: number) => number
  /** Hashes the keys of the rows of the last scan. */
  readonly hashKeys: () => number
  readonly follows: (key: number, length: number) => number
  readonly pass: (key: number, length: number) => number
  readonly rows: () => number
  readonly consumed: () => number
  readonly keyAt: () => number
  readonly keyLength: () => number
  readonly valueAt: () => number
  readonly valueEnd: () => number
  readonly failure: () => number
  readonly failureAt: () => number
  readonly failureState: () => number
  readonly entryCheck: () => number
  readonly spaced: () => number
  /** How many rows of the last `tabulate` have a mark other than md5. */
  readonly attention: () => number
  /** 257 times the byte that all names of the last `tabulate` end in, where it is one. */
  readonly lasts: () => number
  /** The flags of all rows of the last scan together. */
  readonly flagged: () => number
  readonly newest: () => number
  readonly section: () => number
}

/** Addresses in the scanner's memory. */
export interface ScannerAddresses {
  readonly window: number
  readonly rows: number
  readonly keyHashes: number
  readonly fingerprints: number
  readonly digests: number
  readonly sizes: number
  readonly marks: number
  readonly nameEnds: number
  readonly names: number
  readonly suffix: number
}

/** One instance of the compiled scanner with its memory. `bytes`, `words` and `doubles` change when the window grows. */
export interface ScannerEngine {
  readonly calls: ScannerCalls
  readonly at: ScannerAddresses
  /** All of the memory. */
  bytes: Buffer
  words: Uint32Array
  doubles: Float64Array
  /** Bytes that the window holds. */
  capacity: number
  /** Makes the window at least that big. */
  readonly grow: (capacity: number) => void
}

const PAGE = 65536
/** What the scanner may read or write behind the window. */
const SLACK = 4096

type Export = (...values: number[]) => number

interface WasmMemory {
  readonly buffer: ArrayBuffer
  readonly grow: (pages: number) => number
}

// Node has it; its types come with "dom" only, which would bring a browser's names along.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: { readonly env: { readonly memory: WasmMemory } }) => { readonly exports: Readonly<Record<string, unknown>> }
  readonly Memory: new (limits: { readonly initial: number; readonly maximum: number }) => WasmMemory
}

let compiled: object | undefined

function compile(): object {
  compiled ??= new WebAssembly.Module(Buffer.from(SCANNER_WASM, 'base64'))
  return compiled
}

function isExport(value: unknown): value is Export {
  return typeof value === 'function'
}

/** Bytes that the window of a new scanner holds: bigger is slower (caches), smaller costs calls. */
const WINDOW_BYTES = 1 << 19
/** Idle scanners that are kept: making one costs more than reading a small index. */
const MAXIMUM_IDLE = 2
const idle: ScannerEngine[] = []

/** Gives a scanner that is nobody else's, ready for a document. */
export function takeScannerEngine(): ScannerEngine {
  return idle.pop() ?? createScannerEngine(WINDOW_BYTES)
}

/** Gives a scanner back whose document is over; one with a big window is let go. */
export function returnScannerEngine(engine: ScannerEngine): void {
  if (engine.capacity > WINDOW_BYTES || idle.length >= MAXIMUM_IDLE) return
  engine.calls.reset()
  idle.push(engine)
}

function createScannerEngine(capacity: number): ScannerEngine {
  const memory = new WebAssembly.Memory({ initial: 64, maximum: PAGE })
  const { exports } = new WebAssembly.Instance(compile(), { env: { memory } })
  function call(name: string): Export {
    const value = exports[name]
    if (isExport(value)) return value
    throw new TypeError(`The compiled scanner has no ${name}`)
  }
  const at = {
    window: call('windowAt')(), rows: call('rowsAt')(), keyHashes: call('keyHashesAt')(), fingerprints: call('fingerprintsAt')(),
    digests: call('digestsAt')(), sizes: call('sizesAt')(), marks: call('marksAt')(), nameEnds: call('nameEndsAt')(), names: call('namesAt')(), suffix: call('suffixAt')(),
  }
  const engine: ScannerEngine = {
    calls: {
      reset: call('reset'), scan: call('scan'), tabulate: call('tabulate'), hashKeys: call('hashKeys'), follows: call('follows'), pass: call('pass'), rows: call('getRows'), consumed: call('getConsumed'),
      keyAt: call('getKeyAt'), keyLength: call('getKeyLength'), valueAt: call('getValueAt'), valueEnd: call('getValueEnd'),
      failure: call('getFailure'), failureAt: call('getFailureAt'), failureState: call('getFailureState'),
      entryCheck: call('getEntryCheck'), spaced: call('getSpaced'), attention: call('getAttention'), lasts: call('getLasts'), flagged: call('getFlagged'), newest: call('getNewest'), section: call('getSection'),
    },
    at,
    bytes: Buffer.from(memory.buffer),
    words: new Uint32Array(memory.buffer),
    doubles: new Float64Array(memory.buffer),
    capacity: 0,
    grow(wanted) {
      const pages = Math.ceil((at.window + wanted + SLACK) / PAGE)
      const present = memory.buffer.byteLength / PAGE
      if (pages > present) memory.grow(pages - present)
      engine.bytes = Buffer.from(memory.buffer)
      engine.words = new Uint32Array(memory.buffer)
      engine.doubles = new Float64Array(memory.buffer)
      engine.capacity = wanted
    },
  }
  engine.grow(capacity)
  engine.calls.reset()
  return engine
}
