import { createRequire } from 'node:module'

// Required, not imported: the module has no types, and an ambient declaration would be missing in packages that import this one.
const createModule: unknown = createRequire(import.meta.url)('libbzip2-wasm')

interface Bzip2Result {
  readonly error: number
  /** A view into the module's memory: valid only until the next call. */
  readonly output: Uint8Array
  delete(): void
}

interface Bzip2 {
  compressBZ2(bytes: Uint8Array, blockSize: number, workFactor: number): Bzip2Result
  decompressBZ2(bytes: Uint8Array, small: number): Bzip2Result
  then(ready: () => void): void
}

const EMPTY_STREAM = Buffer.from('425a683917724538509000000000', 'hex')

/** The module leaks a little at each call and has 16 MiB: it is replaced long before they are used up. */
const CALLS_PER_MODULE = 50

let loading: Promise<{ readonly bzip2: Bzip2 }> | undefined
let calls = 0

function useModule(): Promise<{ readonly bzip2: Bzip2 }> {
  calls++
  if (calls % CALLS_PER_MODULE === 0) loading = undefined
  return (loading ??= loadModule())
}

/** One bzip2 stream, level 9, as Python's `bz2.compress` writes it. */
export async function compressBzip2(bytes: Uint8Array): Promise<Buffer> {
  if (bytes.length === 0) return EMPTY_STREAM
  const { bzip2 } = await useModule()
  return takeOutput(bzip2.compressBZ2(bytes, 9, 30))
}

/** The content of one bzip2 stream; throws when the stream is damaged. */
export async function decompressBzip2(bytes: Uint8Array): Promise<Buffer> {
  if (EMPTY_STREAM.equals(bytes)) return Buffer.alloc(0)
  const { bzip2 } = await useModule()
  return takeOutput(bzip2.decompressBZ2(bytes, 0))
}

// Boxed, because the module has a `then` that gives the module again: awaiting it would never end.
async function loadModule(): Promise<{ readonly bzip2: Bzip2 }> {
  const known = new Set<unknown>([...process.listeners('uncaughtException'), ...process.listeners('unhandledRejection')])
  if (!isFactory(createModule)) throw new TypeError('libbzip2-wasm is not the function that was expected')
  const bzip2 = createModule({})
  const { promise, resolve } = Promise.withResolvers<void>()
  bzip2.then(() => {
    resolve()
  })
  await promise
  removeForeignListeners(known)
  return { bzip2 }
}

function isFactory(value: unknown): value is (options: object) => Bzip2 {
  return typeof value === 'function'
}

// The module catches every unhandled rejection of the process and aborts itself: that would hide the test that caused it.
function removeForeignListeners(known: ReadonlySet<unknown>): void {
  for (const listener of process.listeners('uncaughtException')) {
    if (!known.has(listener)) process.removeListener('uncaughtException', listener)
  }
  for (const listener of process.listeners('unhandledRejection')) {
    if (!known.has(listener)) process.removeListener('unhandledRejection', listener)
  }
}

function takeOutput(result: Bzip2Result): Buffer {
  try {
    if (result.error !== 0) throw new Error(`bzip2: error ${result.error}`)
    return Buffer.from(result.output)
  } finally {
    result.delete()
  }
}
