import type { ClientContext } from './client-context.ts'
import { describeReason, readError, type TransientFailure } from './failure.ts'
import { retrying } from './retry.ts'

/** A file of the channel that is asked for. */
export interface FetchRequest {
  readonly url: string
  /** How errors name it. */
  readonly what: string
  readonly signal: AbortSignal | undefined
}

/** Asks until it is answered, as the client's policy has it; each wait is told. Throws `CHANNEL_UNREACHABLE` or `TRANSFER_STALLED` when all tries are used up. */
export async function retryFetch<Result>({ retry, observe }: ClientContext, { url, what, signal }: FetchRequest, attempt: () => Promise<Result>): Promise<Result> {
  return await retrying(attempt, {
    policy: retry,
    signal,
    onRetry: (failure, number, delay) => observe({ type: 'retry', url, attempt: number, reason: failure.reason, delay }),
    giveUp: (failure, tries) => unreachable(url, failure, { tries, what }),
  })
}

function unreachable(url: string, failure: TransientFailure, { tries, what }: { readonly tries: number; readonly what: string }): Error {
  const code = failure.reason === 'stalled' ? 'TRANSFER_STALLED' : 'CHANNEL_UNREACHABLE'
  return readError(code, `Cannot fetch ${what} from ${url}: ${failure.message || describeReason(failure.reason)}, in ${tries} tries`, {
    hint: 'Check the channel URL, the network and the proxy; what was fetched so far is kept.',
    details: { reason: failure.reason, tries },
    cause: failure,
  })
}
