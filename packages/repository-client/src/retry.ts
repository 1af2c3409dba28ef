import { setTimeout as sleepFor } from 'node:timers/promises'
import { TransientFailure } from './failure.ts'

/** How failed attempts are repeated. All times in milliseconds. */
export interface RetryPolicy {
  /** Attempts in all, the first included. Default 5. */
  readonly tries: number
  /** The first delay is between 0 and this; each later one up to twice the one before. Default 500. */
  readonly base: number
  /** No delay of our own is longer. Default 60,000. */
  readonly maximum: number
  /** A `Retry-After` counts up to this. Default 600,000. */
  readonly maximumRetryAfter: number
  /** Waits; rejects when the signal aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** From 0 up to 1. */
  readonly random: () => number
}

/** 5 tries, full jitter on 0.5 s doubled each time, up to 60 s; `Retry-After` up to 10 min (`reliability.md` §3.3). */
export const DEFAULT_RETRY: RetryPolicy = {
  tries: 5,
  base: 500,
  maximum: 60_000,
  maximumRetryAfter: 600_000,
  sleep: async (milliseconds, signal) => {
    await sleepFor(milliseconds, undefined, signal === undefined ? {} : { signal })
  },
  now: Date.now,
  random: Math.random,
}

/** What `retrying` needs beside the attempt. */
export interface RetryOptions {
  readonly policy: RetryPolicy
  readonly signal?: AbortSignal | undefined
  /** Told before each wait. */
  readonly onRetry: (failure: TransientFailure, attempt: number, delay: number) => void
  /** Makes the error for the last failure. */
  readonly giveUp: (failure: TransientFailure, attempts: number) => Error
}

/** Makes attempts until one succeeds, one throws something other than a `TransientFailure`, or the tries are used up. */
export async function retrying<T>(attempt: (number: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { policy, signal, onRetry, giveUp } = options
  for (let number = 1; ; number += 1) {
    signal?.throwIfAborted()
    try {
      return await attempt(number)
    } catch (error) {
      signal?.throwIfAborted()
      if (!(error instanceof TransientFailure)) throw error
      if (number >= policy.tries) throw giveUp(error, number)
      const delay = delayBefore(number, error, policy)
      onRetry(error, number, delay)
      await policy.sleep(delay, signal)
    }
  }
}

/** The wait after the attempt of that number: what the server asked for plus jitter, or full jitter on a doubling delay. */
export function delayBefore(number: number, failure: TransientFailure, policy: RetryPolicy): number {
  if (failure.retryAfter !== undefined) return Math.min(policy.maximumRetryAfter, failure.retryAfter) + Math.round(policy.random() * policy.base)
  return Math.round(policy.random() * Math.min(policy.maximum, policy.base * 2 ** (number - 1)))
}

/** Milliseconds to wait by a `Retry-After` (RFC 9110 §10.2.3): seconds or a date. Undefined for a missing, negative, past or senseless one. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  if (/^\d{1,15}$/.test(value.trim())) return Number(value.trim()) * 1000
  if (!/[a-z]{3}/i.test(value)) return undefined
  const date = Date.parse(value)
  return Number.isNaN(date) || date <= now ? undefined : date - now
}
