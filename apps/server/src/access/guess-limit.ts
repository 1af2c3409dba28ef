import { placeOf } from './client-address.ts'

/** So many wrong guesses within a time. */
interface Allowance {
  readonly guesses: number
  /** Milliseconds, from the first of them. */
  readonly window: number
}

/** Ten an address in five minutes are less than 3,000 a day. */
const PLACE: Allowance = { guesses: 10, window: 300_000 }
/** From wherever. */
const USER: Allowance = { guesses: 100, window: 3_600_000 }

/** How many places, and how many names that nobody has, are remembered; the longest known go first. */
const CAPACITY = 10_000

/** Who guesses, and whom. */
export interface Guess {
  readonly address: string
  /** Undefined for a token. */
  readonly user: string | undefined
}

/** What is to become of a guess. */
export type GuessVerdict =
  /** It was counted as wrong; `right` takes that back. */
  | { readonly status: 'counted'; readonly right: () => void }
  /** Too many were wrong. `isFirst`: it is the first one that is refused. */
  | { readonly status: 'refused'; readonly milliseconds: number; readonly isFirst: boolean }

interface Window {
  wrong: number
  readonly until: number
  wasTold: boolean
}

/** Counts wrong guesses by address and by user. */
export interface GuessLimit {
  readonly count: (guess: Guess) => GuessVerdict
}

/**
 * Creates a limit. A guess counts before it is looked at, so that many at once are no way around it. `isUser` tells names that there are from others: those are never forgotten for the sake of
 * others, and both are treated alike.
 */
export function createGuessLimit({ isUser, now }: { readonly isUser: (name: string) => boolean; readonly now: () => number }): GuessLimit {
  const places = createWindows(PLACE, now)
  const users = createWindows(USER, now, Number.POSITIVE_INFINITY)
  const strangers = createWindows(USER, now)
  return {
    count({ address, user }) {
      const windows = [places(placeOf(address)), ...(user === undefined ? [] : [(isUser(user) ? users : strangers)(user)])]
      const full = windows.filter(({ window, allowance }) => window.wrong >= allowance.guesses).map(({ window }) => window)
      if (full.length > 0) {
        const isFirst = full.some(({ wasTold }) => !wasTold)
        for (const window of full) window.wasTold = true
        return { status: 'refused', milliseconds: Math.max(...full.map(({ until }) => until)) - now(), isFirst }
      }
      for (const { window } of windows) window.wrong += 1
      return { status: 'counted', right: () => { for (const { window } of windows) window.wrong -= 1 } }
    },
  }
}

type OpenWindow = (key: string) => { readonly window: Window; readonly allowance: Allowance }

function createWindows(allowance: Allowance, now: () => number, capacity: number = CAPACITY): OpenWindow {
  const windows = new Map<string, Window>()
  return (key) => {
    const known = windows.get(key)
    if (known !== undefined && known.until > now()) return { window: known, allowance }
    const window = { wrong: 0, until: now() + allowance.window, wasTold: false }
    windows.delete(key)
    windows.set(key, window)
    const [oldest] = windows.keys()
    if (windows.size > capacity && oldest !== undefined) windows.delete(oldest)
    return { window, allowance }
  }
}
