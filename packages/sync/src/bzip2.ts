// Whoever checks this file from another package does not see our ambient declarations otherwise.
// oxlint-disable-next-line typescript/triple-slash-reference
/// <reference path="./libbzip2-wasm.d.ts" />
import type { EventEmitter } from 'node:events'
import type createModule from 'libbzip2-wasm'
import { createBzip2Decoder } from '@mirror/repository-client'

type Bzip2Module = ReturnType<typeof createModule>

/** What bzip2 writes for no bytes at all, which the module refuses. */
const EMPTY_STREAM: Uint8Array = Buffer.from('425a683917724538509000000000', 'hex')
const WORK_FACTOR = 30

/** The start of a second stream: the header and the mark of a first block, or of the end of an empty stream. Streams start at whole bytes. */
const STREAM_START = /^BZh[1-9](?:1AY&SY|\x17rE8P\x90)/

/** One bzip2 stream, level 9: some clients read no further than the end of the first (`channels.md` §1.2). Holds all of it in memory. */
export async function compressBzip2(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes.byteLength === 0) return EMPTY_STREAM
  // A module of its own for each document: it never gives its memory back, and has little of it.
  const { bzip2 } = await loadModule()
  const result = bzip2.compressBZ2(bytes, 9, WORK_FACTOR)
  try {
    if (result.error !== 0) throw new Error(`bzip2: ${result.error_msg}`)
    return Buffer.from(result.output)
  } finally {
    result.delete()
  }
}

/** The content of a single bzip2 stream, a block at a time to `take`; false when it is damaged, or not a single one. Blocks while it works. */
export function decodeBzip2(bytes: Uint8Array, take: (chunk: Uint8Array) => void): boolean {
  if (countStreams(bytes) !== 1) return false
  const decoder = createBzip2Decoder(take)
  return (decoder.write(bytes) ?? decoder.end()) === undefined
}

function countStreams(bytes: Uint8Array): number {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let count = 0
  for (let at = text.indexOf('BZh'); at >= 0; at = text.indexOf('BZh', at + 1)) {
    if (STREAM_START.test(text.toString('latin1', at, at + 10))) count += 1
  }
  return count
}

/** Boxed, because the module has a `then` that never settles: awaiting it itself would never end. */
async function loadModule(): Promise<{ readonly bzip2: Bzip2Module }> {
  const events = ['uncaughtException', 'unhandledRejection']
  const emitter: EventEmitter = process
  const known = new Set(events.flatMap((event) => emitter.listeners(event)))
  // A quarter of a megabyte, which most runs do not need.
  const { default: create } = await import('libbzip2-wasm')
  const bzip2 = create({})
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
