import { BodyTooLarge, DRAIN_LIMIT, type ResponseBody } from './transport.ts'

/** What a queue asks of the connection that fills it. */
export interface BodySource {
  readonly pause: () => void
  readonly resume: () => void
  /** Closes the connection; nothing more is pushed. */
  readonly stop: () => void
}

/** A body whose bytes are pushed by a connection and pulled by one reader. */
export interface BodyQueue {
  readonly body: ResponseBody
  readonly push: (chunk: Buffer) => void
  readonly end: () => void
  readonly fail: (error: Error) => void
}

const HIGH_WATER = 262_144

interface State {
  readonly source: BodySource
  readonly chunks: Buffer[]
  /** Bytes in `chunks`, or bytes thrown away. */
  queued: number
  mode: 'iterating' | 'collecting' | 'draining'
  /** For `collecting`. */
  limit: number
  paused: boolean
  ended: boolean
  failure: Error | undefined
  wake: (() => void) | undefined
}

/** Creates the queue. At most a quarter of a MiB waits in it, unless the reader collects. */
export function createBodyQueue(source: BodySource): BodyQueue {
  const state: State = { source, chunks: [], queued: 0, mode: 'iterating', limit: Infinity, paused: false, ended: false, failure: undefined, wake: undefined }
  return {
    body: {
      [Symbol.asyncIterator]: () => iterate(state),
      collect: async (maximum) => collect(state, maximum),
      drain: () => drain(state),
      stop: () => stop(state, new Error('The body was not wanted any more')),
    },
    push: (chunk) => push(state, chunk),
    end: () => finish(state, undefined),
    fail: (error) => finish(state, error),
  }
}

function finish(state: State, failure: Error | undefined): void {
  if (state.ended) return
  state.ended = true
  state.failure = failure
  state.wake?.()
}

function stop(state: State, failure: Error): void {
  if (state.ended) return
  finish(state, failure)
  state.source.stop()
}

function push(state: State, chunk: Buffer): void {
  if (state.ended) return
  state.queued += chunk.length
  if (state.mode === 'draining') {
    if (state.queued > DRAIN_LIMIT) stop(state, new Error('The rest of the body is too long to wait for'))
    return
  }
  state.chunks.push(chunk)
  if (state.mode === 'collecting') {
    if (state.queued > state.limit) stop(state, new BodyTooLarge())
    return
  }
  if (state.queued > HIGH_WATER && !state.paused) {
    state.paused = true
    state.source.pause()
  }
  state.wake?.()
}

function resume(state: State): void {
  if (!state.paused || state.ended) return
  state.paused = false
  state.source.resume()
}

/** Sleeps before it resumes: a connection may push, and even end, while it is being resumed. */
async function waitForMore(state: State): Promise<void> {
  const woken = sleepUntilWoken(state)
  resume(state)
  await woken
}

async function sleepUntilWoken(state: State): Promise<void> {
  await new Promise<void>((resolve) => {
    state.wake = resolve
  })
  state.wake = undefined
}

async function* iterate(state: State): AsyncGenerator<Uint8Array> {
  try {
    while (!state.ended || state.chunks.length > 0) {
      const chunk = state.chunks.shift()
      if (chunk === undefined) await waitForMore(state)
      else {
        state.queued -= chunk.length
        yield chunk
      }
    }
  } finally {
    stop(state, new Error('The reader stopped'))
  }
  if (state.failure !== undefined) throw state.failure
}

async function collect(state: State, maximum: number): Promise<Buffer> {
  state.mode = 'collecting'
  state.limit = maximum
  if (state.queued > maximum) stop(state, new BodyTooLarge())
  const woken = state.ended ? undefined : sleepUntilWoken(state)
  resume(state)
  await woken
  if (state.failure !== undefined) throw state.failure
  const [only] = state.chunks
  return state.chunks.length === 1 && only !== undefined ? only : Buffer.concat(state.chunks)
}

function drain(state: State): void {
  state.mode = 'draining'
  state.chunks.length = 0
  resume(state)
  if (state.queued > DRAIN_LIMIT) stop(state, new Error('The rest of the body is too long to wait for'))
}
