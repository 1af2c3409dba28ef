/** Answers that hold for a moment. */
export interface TimedCache<Value> {
  /** The answer for a key: the one that was made within the moment, else a new one, for which the one before is handed over where there is one. One that fails is not kept. */
  readonly get: (key: string, make: (before: Promise<Value> | undefined) => Promise<Value>) => Promise<Value>
  readonly forget: (key: string) => void
}

interface Entry<Value> {
  readonly until: number
  readonly value: Promise<Value>
}

/** Creates a cache whose entries hold for `lifetime` milliseconds; at most `capacity` of them, the oldest go first. */
export function createTimedCache<Value>({ lifetime, capacity, now }: { readonly lifetime: number; readonly capacity: number; readonly now: () => number }): TimedCache<Value> {
  const entries = new Map<string, Entry<Value>>()

  function keep(key: string, value: Promise<Value>): Promise<Value> {
    const entry = { until: now() + lifetime, value }
    entries.delete(key)
    entries.set(key, entry)
    const [oldest] = entries.keys()
    if (entries.size > capacity && oldest !== undefined) entries.delete(oldest)
    value.catch(() => {
      if (entries.get(key) === entry) entries.delete(key)
    })
    return value
  }

  return {
    get(key, make) {
      const entry = entries.get(key)
      return entry !== undefined && entry.until > now() ? entry.value : keep(key, make(entry?.value))
    },
    forget: (key) => void entries.delete(key),
  }
}
