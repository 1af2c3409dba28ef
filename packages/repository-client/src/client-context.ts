import type { ChannelUrl } from '@mirror/core'
import type { Bandwidth } from './bandwidth.ts'
import type { ClientEvent, Observe } from './events.ts'
import type { Answer, Exchange } from './exchange.ts'
import { TransientFailure, translateFailure } from './failure.ts'
import type { RetryPolicy } from './retry.ts'
import type { SpoolOptions } from './spool.ts'
import type { Transport } from './transport.ts'

/** What the operations of one client share. */
export interface ClientContext {
  readonly channel: ChannelUrl
  readonly exchange: Exchange
  /** For few files that matter: indexes. */
  readonly metadata: Transport
  /** For many files: artifacts and shards. */
  readonly bulk: Transport
  readonly retry: RetryPolicy
  readonly spool: SpoolOptions
  readonly maximumIndexBytes: number
  readonly concurrency: number
  readonly bandwidth: Bandwidth | undefined
  readonly observe: Observe<ClientEvent>
  /** The bytes of an answer, reported, within the bandwidth; a body shorter or longer than announced is a `TransientFailure`. */
  readonly countBody: (answer: Answer, signal: AbortSignal | undefined) => AsyncGenerator<Uint8Array>
}

/** Makes `countBody`. */
export function createBodyCounter({ bandwidth, observe }: Pick<ClientContext, 'bandwidth' | 'observe'>): ClientContext['countBody'] {
  return async function* countBody({ body, length, shown }, signal) {
    let received = 0
    try {
      for await (const chunk of body) {
        received += chunk.length
        observe({ type: 'bytes-received', bytes: chunk.length })
        await bandwidth?.take(chunk.length, signal)
        yield chunk
      }
    } catch (error) {
      signal?.throwIfAborted()
      throw translateFailure(error, shown)
    }
    if (length !== undefined && received !== length) throw new TransientFailure('truncated', `the body has ${received} of ${length} bytes`)
  }
}
