// Whoever checks this file from another package does not see our ambient declarations otherwise.
// oxlint-disable-next-line typescript/triple-slash-reference
/// <reference path="./libbzip2-wasm.d.ts" />
import type { EventEmitter } from 'node:events'
import createModule from 'libbzip2-wasm'

type Bzip2Module = ReturnType<typeof createModule>
type Bzip2Result = ReturnType<Bzip2Module['compressBZ2']>

/** What bzip2 writes for no bytes at all, which the module refuses. */
const EMPTY_STREAM: Uint8Array = Buffer.from('425a683917724538509000000000', 'hex')
const WORK_FACTOR = 30

let loading: Promise<{ readonly bzip2: Bzip2Module }> | undefined

/** One bzip2 stream, level 9: some clients read no further than the end of the first (`channels.md` §1.2). Holds all of it in memory. */
export async function compressBzip2(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes.byteLength === 0) return EMPTY_STREAM
  return await run((bzip2) => bzip2.compressBZ2(bytes, 9, WORK_FACTOR))
}

/** The content of the first bzip2 stream, or undefined when it is damaged. Holds all of it in memory. */
export async function decompressBzip2(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  if (EMPTY_STREAM.length === bytes.byteLength && Buffer.from(EMPTY_STREAM).equals(bytes)) return new Uint8Array()
  try {
    return await run((bzip2) => bzip2.decompressBZ2(bytes, 0))
  } catch {
    return undefined
  }
}

async function run(operation: (bzip2: Bzip2Module) => Bzip2Result): Promise<Uint8Array> {
  loading ??= loadModule()
  const { bzip2 } = await loading
  const result = operation(bzip2)
  try {
    if (result.error !== 0) throw new Error(`bzip2: ${result.error_msg}`)
    return Buffer.from(result.output)
  } finally {
    result.delete()
  }
}

/** Boxed, because the module has a `then` that never settles: awaiting it itself would never end. */
async function loadModule(): Promise<{ readonly bzip2: Bzip2Module }> {
  const events = ['uncaughtException', 'unhandledRejection']
  const emitter: EventEmitter = process
  const known = new Set(events.flatMap((event) => emitter.listeners(event)))
  const bzip2 = createModule({})
  const { promise, resolve } = Promise.withResolvers<void>()
  bzip2.then(() => resolve())
  await promise
  // The module catches every fault of the process and aborts itself: that would hide the fault.
  for (const event of events) {
    for (const listener of emitter.rawListeners(event)) {
      if (!known.has(listener) && isListener(listener)) emitter.removeListener(event, listener)
    }
  }
  return { bzip2 }
}

function isListener(value: unknown): value is (...args: readonly unknown[]) => void {
  return typeof value === 'function'
}
