const START_BITS = 10

/** A set of 64-bit hashes, as pairs of words. */
export interface KeyHashSet {
  /** Adds one; false when it was there already. */
  readonly add: (low: number, high: number) => boolean
}

/** An empty set: open addressing, 16 bytes a hash at most. */
export function createKeyHashSet(): KeyHashSet {
  let bits = START_BITS
  let count = 0
  let hasZero = false
  let slots = new Uint32Array(2 << bits)

  function insert(low: number, high: number): boolean {
    const mask = (1 << bits) - 1
    let slot = (low ^ Math.imul(high, 0x9e3779b1)) & mask
    for (;;) {
      const a = slots[slot * 2]
      const b = slots[slot * 2 + 1]
      if (a === 0 && b === 0) break
      if (a === low && b === high) return false
      slot = (slot + 1) & mask
    }
    slots[slot * 2] = low
    slots[slot * 2 + 1] = high
    return true
  }

  function grow(): void {
    const before = slots
    bits += 1
    slots = new Uint32Array(2 << bits)
    for (let at = 0; at < before.length; at += 2) {
      const low = before[at] ?? 0
      const high = before[at + 1] ?? 0
      if (low !== 0 || high !== 0) insert(low, high)
    }
  }

  return {
    add(low, high) {
      if (low === 0 && high === 0) {
        const first = !hasZero
        hasZero = true
        return first
      }
      if (count * 2 >= 1 << bits) grow()
      if (!insert(low, high)) return false
      count += 1
      return true
    },
  }
}
