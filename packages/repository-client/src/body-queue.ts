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
  readonly fail: (error: unknown) => void
}

const HIGH_WATER = 262_144

type Ending = { readonly error?: unknown }

/** Creates the queue. At most a quarter of a MiB waits in it, unless the reader collects. */
export function createBodyQueue(source: BodySource): BodyQueue {
  const chunks: Buffer[] = []
  let queued = 0
  let limit = Infinity
  let draining = false
  let collecting = false
  let paused = false
  let ending: Ending | undefined
  let wake: (() => void) | undefined

  function finish(how: Ending): void {
    ending ??= how
    wake?.()
  }

  function stop(): void {
    if (ending !== undefined) return
    finish({ error: new Error('The body was not wanted any more') })
    source.stop()
  }

  function push(chunk: Buffer): void {
    if (ending !== undefined) return
    queued += chunk.length
    if (draining) {
      if (queued > DRAIN_LIMIT) stop()
      return
    }
    chunks.push(chunk)
    if (collecting) {
      if (queued > limit) {
        finish({ error: new BodyTooLarge() })
        source.stop()
      }
      return
    }
    if (queued > HIGH_WATER && !paused) {
      paused = true
      source.pause()
    }
    wake?.()
  }

  function resume(): void {
    if (!paused || ending !== undefined) return
    paused = false
    source.resume()
  }

  async function* iterate(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const chunk = chunks.shift()
        if (chunk !== undefined) {
          queued -= chunk.length
          yield chunk
        } else if (ending !== undefined) {
          if ('error' in ending) throw ending.error
          return
        } else {
          resume()
          await new Promise<void>((resolve) => {
            wake = resolve
          })
          wake = undefined
        }
      }
    } finally {
      stop()
    }
  }

  async function collect(maximum: number): Promise<Buffer> {
    collecting = true
    limit = maximum
    if (queued > maximum) {
      stop()
      throw new BodyTooLarge()
    }
    resume()
    while (ending === undefined) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    wake = undefined
    if ('error' in ending) throw ending.error
    const [only] = chunks
    return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)
  }

  function drain(): void {
    draining = true
    chunks.length = 0
    resume()
    if (queued > DRAIN_LIMIT) stop()
  }

  return {
    body: { [Symbol.asyncIterator]: iterate, collect, drain, stop },
    push,
    end: () => finish({}),
    fail: (error) => finish({ error }),
  }
}
