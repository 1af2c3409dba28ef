import { readError } from './failure.ts'

/** When a host counts as failing. Times in milliseconds. */
export interface FailingPolicy {
  /** Failures in a row, over all requests to the host. Default 20. */
  readonly failures: number
  /** The row must last so long, so that a restart of the server does not count. Default 30,000. */
  readonly period: number
  /** How long requests are refused then; after that one request probes. Default 60,000. */
  readonly pause: number
}

/** The defaults of `FailingPolicy`. */
export const DEFAULT_FAILING: FailingPolicy = { failures: 20, period: 30_000, pause: 60_000 }

/** The circuit breaker of all hosts of a client. */
export interface HostHealth {
  /** Throws `HOST_FAILING` while the host is left alone. */
  readonly assertUsable: (host: string) => void
  readonly succeeded: (host: string) => void
  readonly failed: (host: string) => void
}

interface Row {
  failures: number
  since: number
  refusedUntil: number
}

/** Creates the circuit breaker: it opens for a host on which nothing succeeded for long, so that a dead host does not cost five tries for each of a million artifacts. */
export function createHostHealth(policy: FailingPolicy, now: () => number, onFailing: (host: string, pause: number) => void): HostHealth {
  const rows = new Map<string, Row>()
  return {
    assertUsable(host) {
      const row = rows.get(host)
      if (row === undefined || now() >= row.refusedUntil) return
      throw readError('HOST_FAILING', `Cannot reach ${host}: its last ${row.failures} answers were failures`, {
        hint: 'Run the command again later; what was fetched so far is kept.',
        details: { host, failures: row.failures },
      })
    },
    succeeded(host) {
      rows.delete(host)
    },
    failed(host) {
      const time = now()
      const row = rows.get(host) ?? { failures: 0, since: time, refusedUntil: 0 }
      row.failures += 1
      rows.set(host, row)
      if (row.failures < policy.failures || time - row.since < policy.period || time < row.refusedUntil) return
      row.refusedUntil = time + policy.pause
      onFailing(host, policy.pause)
    },
  }
}
