import { hash } from 'node:crypto'
import type { ChannelPattern } from './channel-pattern.ts'
import type { Guess, GuessLimit } from './guess-limit.ts'

/** What a credential proves: that somebody is this entry of this file. */
export interface Grant {
  readonly file: string
  readonly name: string
  /** Only these; undefined: whatever the rules say. */
  readonly channels: readonly ChannelPattern[] | undefined
}

/** What came of looking at credentials. */
export type Identification =
  | { readonly status: 'known'; readonly grants: readonly [Grant, ...Grant[]] }
  | Unknown

/** Why somebody is nobody. */
export type Unknown =
  | { readonly status: 'none' }
  | { readonly status: 'wrong' }
  | { readonly status: 'expired' }
  /** Too many passwords wait to be compared. */
  | { readonly status: 'busy' }
  /** Too many were wrong: it was not even looked at. */
  | { readonly status: 'limited'; readonly milliseconds: number }

/** What is known of credentials that came before, and how wrong ones are counted. */
export interface Recollection {
  /** What is kept of a credential instead of itself: a hash under a key of this process (`createKeyOf`). */
  readonly keyOf: (...parts: readonly string[]) => string
  /** Undefined for what was not looked at lately. */
  readonly recall: (key: string) => Identification | undefined
  readonly keep: (key: string, found: Identification) => Identification
  /** Counts a guess as wrong: undefined, or why it is not to be looked at. `right` takes it back. */
  readonly count: (guess: Guess) => { readonly refused: Identification } | { readonly refused: undefined; readonly right: () => void }
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Creates what names credentials for as long as the process lives: nobody else can make, or undo, what it makes of them. */
export function createKeyOf(secret: Uint8Array): Recollection['keyOf'] {
  const key = Buffer.from(secret).toString('hex')
  return (...parts) => hash('sha256', `${key}${JSON.stringify(parts)}`, 'base64')
}

/** What `createRecollection` needs. */
export interface RecollectionOptions {
  readonly limit: GuessLimit
  readonly keyOf: Recollection['keyOf']
  readonly now: () => number
  /** Called once when an address, or a name, begins to be refused. */
  readonly onLimit: (guess: Guess) => void
}

/** How long a password that was right is not compared again, and one that was wrong is wrong. */
const RIGHT = 600_000
const WRONG = 60_000
const CAPACITY = 10_000

/** Begins to remember. What was wrong cannot drive out what was right. */
export function createRecollection({ limit, keyOf, now, onLimit }: RecollectionOptions): Recollection {
  const right = createMemory(RIGHT, now)
  const wrong = createMemory(WRONG, now)
  return {
    keyOf,
    now,
    recall: (key) => right.find(key) ?? wrong.find(key),
    keep(key, found) {
      (found.status === 'known' ? right : wrong).keep(key, found)
      return found
    },
    count(guess) {
      const verdict = limit.count(guess)
      if (verdict.status === 'counted') return { refused: undefined, right: verdict.right }
      if (verdict.isFirst) onLimit(guess)
      return { refused: { status: 'limited', milliseconds: verdict.milliseconds } }
    },
  }
}

interface Memory {
  readonly find: (key: string) => Identification | undefined
  readonly keep: (key: string, found: Identification) => void
}

/** What was kept first goes first. */
function createMemory(lifetime: number, now: () => number): Memory {
  const kept = new Map<string, { readonly found: Identification; readonly until: number }>()
  return {
    find(key) {
      const entry = kept.get(key)
      return entry !== undefined && entry.until > now() ? entry.found : undefined
    },
    keep(key, found) {
      kept.delete(key)
      kept.set(key, { found, until: now() + lifetime })
      const [oldest] = kept.keys()
      if (kept.size > CAPACITY && oldest !== undefined) kept.delete(oldest)
    },
  }
}
