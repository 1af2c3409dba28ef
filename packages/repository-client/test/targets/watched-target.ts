import { inspect } from 'node:util'
import { isMirrorError } from '@mirror/core'
import { createUploadTarget, type TargetEvent, type UploadTarget, type UploadTargetOptions } from '../../src/index.ts'
import type { ServerUnderTest, TargetSetUp } from './server-under-test.ts'

/** What targets of one test said, and what they threw. */
export interface Watch {
  /** A target of a server; closed with the watch. */
  readonly open: (server: ServerUnderTest, options?: Partial<UploadTargetOptions>) => UploadTarget
  readonly events: TargetEvent[]
  /** The error that a promise rejects with. */
  readonly failureOf: (promise: Promise<unknown>) => Promise<Error & { readonly code: string | undefined }>
  /** The value, or the error. */
  readonly settle: <Value>(promise: Promise<Value>) => Promise<{ readonly value: Value } | { readonly error: Error & { readonly code: string | undefined } }>
  /** Everything that was told or thrown, as text, with its insides. */
  readonly told: () => string
  /** Closes the targets. Throws when a secret of a server that was talked to was told or thrown. */
  readonly close: () => Promise<void>
}

/** Creates a watch. Its targets wait for nothing between tries. */
export function createWatch({ kind }: Pick<TargetSetUp, 'kind'>): Watch {
  const targets: UploadTarget[] = []
  const events: TargetEvent[] = []
  const errors: unknown[] = []
  const secrets = new Set<string>()
  const told = (): string => [
    inspect([errors, events, targets.map((target) => target.name)], { depth: Infinity, showHidden: true, maxStringLength: null, maxArrayLength: null }),
    ...errors.map((error) => `${String(error)} ${JSON.stringify(error)} ${error instanceof Error ? error.stack : ''}`),
  ].join('\n')
  const failureOf: Watch['failureOf'] = async (promise) => {
    const error: unknown = await promise.then((value) => new Error(`It did not fail: ${JSON.stringify(value)}`), (reason: unknown) => reason)
    errors.push(error)
    if (!(error instanceof Error)) throw new TypeError('not an error')
    return Object.assign(error, { code: isMirrorError(error) ? error.code : undefined })
  }
  return {
    events,
    failureOf,
    async settle(promise) {
      return await promise.then((value) => ({ value }), async () => ({ error: await failureOf(promise) }))
    },
    open(server, options = {}) {
      for (const secret of server.secrets) secrets.add(secret)
      const target = createUploadTarget({
        kind, url: server.url, channel: server.channel, credential: server.credential, loginHint: 'Log in.', ...options,
        retry: { base: 0, sleep: async () => undefined, ...options.retry }, observe: (event) => events.push(event),
      })
      targets.push(target)
      return target
    },
    told,
    async close() {
      for (const target of targets) await target.close()
      const all = told()
      for (const secret of secrets) if (all.includes(secret)) throw new Error(`A secret was told: ${all.slice(Math.max(0, all.indexOf(secret) - 500), all.indexOf(secret) + 100)}`)
    },
  }
}
