// Strict JSON scanner for repodata, compiled by scripts/build-wasm.mjs into src/scanner/scanner-wasm.ts (AssemblyScript, SIMD).
//
// The host copies a window of the document to `windowAt()` and calls `scan`. A scan starts at a commit point (behind a record, a
// top-level value, the opening or closing of a section) with the state of that point, and ends at one: an unfinished unit is
// scanned again with the next window. So strings, escapes and UTF-8 sequences never have to be carried over.

// Memory, from the bottom. Offsets are known to src/scanner/scanner-engine.ts through the exported functions only.
const MAX_DEPTH: i32 = 512
const LOG_KEYS: i32 = 256
const MAX_ROWS: u32 = 4096
const ROW_BYTES: usize = 80
const SCRATCH_BYTES: u32 = 65536
const PREVIOUS_BYTES: u32 = 1024

const KINDS: usize = 1024
const DEPTHS: usize = KINDS + 1024
const LOG: usize = DEPTHS + 16 * 1024
const SCRATCH_A: usize = LOG + 8 * <usize>LOG_KEYS * (<usize>MAX_DEPTH + 2)
const SCRATCH_B: usize = SCRATCH_A + SCRATCH_BYTES + 64
const PREVIOUS: usize = SCRATCH_B + SCRATCH_BYTES + 64
const SUFFIX: usize = PREVIOUS + PREVIOUS_BYTES + 64
const ROWS: usize = SUFFIX + 512
const KEY_HASHES: usize = ROWS + <usize>MAX_ROWS * ROW_BYTES
const FINGERPRINTS: usize = KEY_HASHES + <usize>MAX_ROWS * 8
const DIGESTS: usize = FINGERPRINTS + <usize>MAX_ROWS * 8
const SIZES: usize = DIGESTS + <usize>MAX_ROWS * 32
const MARKS: usize = SIZES + <usize>MAX_ROWS * 8
const NAME_ENDS: usize = MARKS + <usize>MAX_ROWS
const NAMES: usize = NAME_ENDS + <usize>MAX_ROWS * 4
const NAMES_BYTES: usize = <usize>MAX_ROWS * 256
// Tokens are found a chunk ahead of the walk over them: where they stand, and the blanks of each block of 64 bytes.
const CHUNK: u32 = 4096
const TOKENS: usize = NAMES + NAMES_BYTES + 256
const OUTERS: usize = TOKENS + 4 * <usize>CHUNK + 256
// The keys that records have, learned in passing: sorted, each with its bytes and closing quote, their mask, and numbers. The first
// entry stands for the beginning of a record; those behind the last are zeros, which are like no key.
const LEARNED: usize = ((OUTERS + <usize>CHUNK / 8 + 128) >> 6) << 6
const LEARNED_BYTES: usize = 80
const MAX_LEARNED: u32 = 64
const LEARNED_KEY: u32 = 31
const L_MASK: usize = 32
const L_GAP: usize = 64
const L_COLUMN: usize = 68
const L_STEP: usize = 72
const NO_KEY: usize = LEARNED + LEARNED_BYTES * <usize>(MAX_LEARNED + 2)
const WINDOW: usize = ((NO_KEY + LEARNED_BYTES + 4096) >> 6) << 6

// What the grammar allows next.
const S_ROOT: i32 = 0
const S_DONE: i32 = 1
const S_FIRST_KEY: i32 = 2
const S_KEY: i32 = 3
const S_COLON: i32 = 4
const S_VALUE: i32 = 5
const S_AFTER: i32 = 6
const S_FIRST_ITEM: i32 = 7
const S_ITEM: i32 = 8
const S_AFTER_ITEM: i32 = 9
const S_OUTER_VALUE: i32 = 10
const S_AFTER_ENTRY: i32 = 11
const S_STRING: i32 = 12

// What the innermost open container is to an index.
const R_ROOT: i32 = 0
const R_SECTION: i32 = 1
const R_V3: i32 = 2
const R_RECORD: i32 = 3
const R_ENTRY: i32 = 4

// How a scan ended.
const NEED_MORE: i32 = 0
const BATCH_FULL: i32 = 1
const SECTION_OPEN: i32 = 2
const SECTION_CLOSE: i32 = 3
const TOP_ENTRY: i32 = 4
const DONE: i32 = 5
const FAILED: i32 = 6
const V3_OPEN: i32 = 7

// Why it failed.
const E_TOKEN: i32 = 1
const E_SCALAR: i32 = 2
const E_CONTROL: i32 = 3
const E_ESCAPE: i32 = 4
const E_SURROGATE: i32 = 5
const E_UTF8: i32 = 6
const E_DEEP: i32 = 7
const E_DUPLICATE: i32 = 8
const E_END: i32 = 9
const E_ROOT: i32 = 20
const E_SECTION: i32 = 21
const E_RECORD: i32 = 22
const E_KEY_LONG: i32 = 24

// Row flags.
const F_ESCAPED: u32 = 1
const F_UNSORTED: u32 = 2
const F_CHECK: u32 = 4

let state: i32 = S_ROOT
let role: i32 = R_ROOT
let depth: i32 = 0
let sectionDepth: i32 = 0
let previousLength: i32 = -1
let entryCheck: i32 = 0
let spaced: u64 = 0

let rows: u32 = 0
let consumed: u32 = 0
let keyAt: u32 = 0
let keyLength: u32 = 0
let valueAt: u32 = 0
let valueEnd: u32 = 0
let failure: i32 = 0
let failureAt: u32 = 0
let failureState: i32 = 0
let attention: u32 = 0
let lasts: u32 = 0
let flagged: u32 = 0
let section: i32 = 0
let newest: f64 = -1
let learned: u32 = 0

export function windowAt(): usize { return WINDOW }
export function rowsAt(): usize { return ROWS }
export function keyHashesAt(): usize { return KEY_HASHES }
export function fingerprintsAt(): usize { return FINGERPRINTS }
export function digestsAt(): usize { return DIGESTS }
export function sizesAt(): usize { return SIZES }
export function marksAt(): usize { return MARKS }
export function nameEndsAt(): usize { return NAME_ENDS }
export function namesAt(): usize { return NAMES }
export function suffixAt(): usize { return SUFFIX }
export function getRows(): u32 { return rows }
export function getConsumed(): u32 { return consumed }
export function getKeyAt(): u32 { return keyAt }
export function getKeyLength(): u32 { return keyLength }
export function getValueAt(): u32 { return valueAt }
export function getValueEnd(): u32 { return valueEnd }
export function getFailure(): i32 { return failure }
export function getFailureAt(): u32 { return failureAt }
export function getFailureState(): i32 { return failureState }
export function getEntryCheck(): i32 { return entryCheck }
export function getSpaced(): i32 { return spaced != 0 ? 1 : 0 }
export function getState(): i32 { return state }
/** The newest plausible timestamp that `tabulate` has seen, in milliseconds, or -1. */
export function getNewest(): f64 { return newest }
export function getAttention(): u32 { return attention }
/** The last bytes of the names that `tabulate` has filled: all of them or'ed, and in the byte below and'ed. So 257 times a byte that all end in. */
export function getLasts(): u32 { return lasts }
/** Whether any row of the last scan has flags. */
export function getFlagged(): u32 { return flagged }
/** 1 packages, 2 packages.conda, 3 a section of v3. */
export function getSection(): i32 { return section }

// @ts-ignore: decorator
@inline function at(p: usize): u32 { return <u32>load<u8>(p) }

// @ts-ignore: decorator
@inline function mask(a: v128, b: v128, c: v128, d: v128): u64 {
  return <u64><u32>i8x16.bitmask(a) | (<u64><u32>i8x16.bitmask(b) << 16) | (<u64><u32>i8x16.bitmask(c) << 32) | (<u64><u32>i8x16.bitmask(d) << 48)
}

// @ts-ignore: decorator
@inline function equal(a: v128, b: v128, c: v128, d: v128, x: v128): u64 {
  return mask(i8x16.eq(a, x), i8x16.eq(b, x), i8x16.eq(c, x), i8x16.eq(d, x))
}

// @ts-ignore: decorator
@inline function prefixXor(value: u64): u64 {
  let x = value
  x ^= x << 1
  x ^= x << 2
  x ^= x << 4
  x ^= x << 8
  x ^= x << 16
  x ^= x << 32
  return x
}

// @ts-ignore: decorator
@inline function operators(x: v128): v128 {
  const folded = v128.or(x, i8x16.splat(0x20))
  return v128.or(
    v128.or(i8x16.eq(folded, i8x16.splat(0x7b)), i8x16.eq(folded, i8x16.splat(0x7d))),
    v128.or(i8x16.eq(x, i8x16.splat(0x3a)), i8x16.eq(x, i8x16.splat(0x2c))),
  )
}

// @ts-ignore: decorator
@inline function isSpace(c: u32): bool { return c == 0x20 || c == 0x0a || c == 0x0d || c == 0x09 }

function hexValue(c: u32): i32 {
  if (c >= 0x30 && c <= 0x39) return <i32>c - 0x30
  const folded = c | 0x20
  if (folded >= 0x61 && folded <= 0x66) return <i32>folded - 0x57
  return -1
}

/** The four hex digits at p, or -1. */
function hex4(p: usize): i32 {
  let value: i32 = 0
  for (let k: usize = 0; k < 4; k++) {
    const digit = hexValue(at(p + k))
    if (digit < 0) return -1
    value = (value << 4) | digit
  }
  return value
}

/** Writes the UTF-8 form of a JSON string's inside, already found valid, to `to`; gives its length. `to` has room: decoding never grows. */
export function unescape(p: usize, length: u32, to: usize): u32 {
  let o = to
  const end = p + length
  let i = p
  while (i < end) {
    const c = at(i)
    if (c != 0x5c) { store<u8>(o++, <u8>c); i++; continue }
    const e = at(i + 1)
    i += 2
    if (e != 0x75) {
      let plain = e
      if (e == 0x62) plain = 8
      else if (e == 0x66) plain = 12
      else if (e == 0x6e) plain = 10
      else if (e == 0x72) plain = 13
      else if (e == 0x74) plain = 9
      store<u8>(o++, <u8>plain)
      continue
    }
    let code = hex4(i)
    i += 4
    if (code >= 0xd800 && code < 0xdc00) {
      code = 0x10000 + ((code - 0xd800) << 10) + (hex4(i + 2) - 0xdc00)
      i += 6
    }
    if (code < 0x80) store<u8>(o++, <u8>code)
    else {
      if (code < 0x800) store<u8>(o++, <u8>(0xc0 | (code >> 6)))
      else {
        if (code < 0x10000) store<u8>(o++, <u8>(0xe0 | (code >> 12)))
        else {
          store<u8>(o++, <u8>(0xf0 | (code >> 18)))
          store<u8>(o++, <u8>(0x80 | ((code >> 12) & 63)))
        }
        store<u8>(o++, <u8>(0x80 | ((code >> 6) & 63)))
      }
      store<u8>(o++, <u8>(0x80 | (code & 63)))
    }
  }
  return <u32>(o - to)
}

/** Reads up to 15 bytes behind the end. */
// @ts-ignore: decorator
@inline function hasBackslash(p: usize, length: u32): bool {
  for (let k: u32 = 0; k < length; k += 16) {
    let bits = <u32>i8x16.bitmask(i8x16.eq(v128.load(p + k), i8x16.splat(0x5c)))
    if (length - k < 16) bits &= (1 << (length - k)) - 1
    if (bits) return true
  }
  return false
}

function sameBytes(p: usize, q: usize, length: u32): bool {
  return memory.compare(p, q, length) == 0
}

const K1: u64 = 0x9e3779b185ebca87
const K2: u64 = 0xc2b2ae3d27d4eb4f
const K3: u64 = 0x165667b19e3779f9
const K4: u64 = 0x27d4eb2f165667c5

// @ts-ignore: decorator
@inline function stir(h: u64, k: u64): u64 {
  let x = h * k
  x ^= x >> 32
  return x
}

/** 64 bits over bytes; each step is a bijection of lane and word. Reads up to 7 bytes behind the end. */
export function hashBytes(p: usize, length: u32): u64 {
  let h1 = K1 ^ <u64>length, h2 = K2, h3 = K3, h4 = K4
  let i = p
  const end = p + length
  while (i + 32 <= end) {
    h1 = rotl(h1 ^ load<u64>(i), 29) * K1
    h2 = rotl(h2 ^ load<u64>(i, 8), 31) * K2
    h3 = rotl(h3 ^ load<u64>(i, 16), 27) * K1
    h4 = rotl(h4 ^ load<u64>(i, 24), 33) * K2
    i += 32
  }
  while (i + 8 <= end) { h1 = rotl(h1 ^ load<u64>(i), 29) * K1; i += 8 }
  const rest = <u64>(end - i)
  if (rest) h2 = rotl(h2 ^ (load<u64>(i) & ((<u64>1 << (rest << 3)) - 1)), 31) * K2
  let h = stir(h1 ^ (h1 >> 29), K3) ^ h2
  h = stir(h ^ (h >> 31), K4) ^ h3
  h = stir(h ^ (h >> 29), K3) ^ h4
  h = stir(h ^ (h >> 32), K1)
  return h ^ (h >> 29)
}

/** Forgets everything: the next scan starts a document. */
export function reset(): void {
  state = S_ROOT
  role = R_ROOT
  depth = 0
  sectionDepth = 0
  previousLength = -1
  entryCheck = 0
  spaced = 0
  newest = -1
  learned = 0
  memory.fill(LEARNED, 0, NO_KEY - LEARNED)
  store<u32>(LEARNED, <u32>LEARNED_BYTES, L_STEP)
  rows = 0
  consumed = 0
}

function fail(code: i32, position: u32, expected: i32): i32 {
  failure = code
  failureAt = position
  failureState = expected
  return FAILED
}

// A decoded copy of the last key that `plainKey` looked at, or the key itself.
let plainAt: usize = 0
let plainLength: u32 = 0

/** Makes `plainAt`, `plainLength` the decoded form of a key. False when it is escaped and too long for the scratch. */
function plainKey(p: usize, length: u32, scratch: usize): bool {
  plainAt = p
  plainLength = length
  if (!hasBackslash(p, length)) return true
  if (length > SCRATCH_BYTES) return false
  plainLength = unescape(p, length, scratch)
  plainAt = scratch
  return true
}

/** 1 packages, 2 packages.conda, 3 v3, 0 anything else; for a decoded key. */
function outerKind(p: usize, length: u32): i32 {
  if (length == 8 && load<u64>(p) == 0x736567616b636170) return 1
  if (length == 14 && load<u64>(p) == 0x736567616b636170 && load<u32>(p, 8) == 0x6e6f632e && load<u16>(p, 12) == 0x6164) return 2
  if (length == 2 && load<u16>(p) == 0x3376) return 3
  return 0
}

/** Which column of a row keeps the value of that field: 5 and up, or 0. */
// @ts-ignore: decorator
@inline function fieldColumn(p: usize, length: u32): u32 {
  if (length == 4) {
    const word = load<u32>(p)
    if (word == 0x656d616e) return 5 // name
    if (word == 0x657a6973) return 9 // size
  } else if (length == 7) {
    const word = load<u32>(p)
    if (word == 0x73726576 && load<u32>(p, 3) == 0x6e6f6973) return 6 // version
    if (word == 0x65706564 && load<u32>(p, 3) == 0x73646e65) return 19 // depends
    if (word == 0x6563696c && load<u32>(p, 3) == 0x65736e65) return 16 // license
  } else if (length == 5) {
    if (load<u32>(p) == 0x6c697562 && at(p + 4) == 0x64) return 7 // build
  } else if (length == 12) {
    if (load<u64>(p) == 0x756e5f646c697562 && load<u32>(p, 8) == 0x7265626d) return 8 // build_number
  } else if (length == 3) {
    const word = load<u32>(p) & 0xffffff
    if (word == 0x35646d) return 10 // md5
    if (word == 0x6c7275) return 14 // url
  } else if (length == 6) {
    const word = load<u32>(p)
    if (word == 0x32616873 && load<u16>(p, 4) == 0x3635) return 11 // sha256
    if (word == 0x64627573 && load<u16>(p, 4) == 0x7269) return 15 // subdir
    if (word == 0x72616f6e && load<u16>(p, 4) == 0x6863) return 18 // noarch
  } else if (length == 14) {
    if (load<u64>(p) == 0x5f65736e6563696c && load<u32>(p, 8) == 0x696d6166 && load<u16>(p, 12) == 0x796c) return 17 // license_family
  } else if (length == 9) {
    if (load<u64>(p) == 0x6d617473656d6974 && at(p + 8) == 0x70) return 12 // timestamp
  } else if (length == 17) {
    if (load<u64>(p) == 0x5f64657865646e69 && load<u64>(p, 8) == 0x6d617473656d6974 && at(p + 16) == 0x70) return 13 // indexed_timestamp
  }
  return 0
}

/** Whether the key at `key`, its colon `gap` bytes behind its beginning, is that learned one. */
// @ts-ignore: decorator
@inline function isLearned(entry: usize, key: usize, gap: u32): bool {
  const start = v128.and(v128.xor(v128.load(key), v128.load(entry)), v128.load(entry, L_MASK))
  const rest = v128.and(v128.xor(v128.load(key, 16), v128.load(entry, 16)), v128.load(entry, L_MASK + 16))
  return load<u32>(entry, L_GAP) == gap && !v128.any_true(v128.or(start, rest))
}

/** The learned key behind `previous` that this is, or 0; it is expected there the next time. */
export function findLearned(previous: usize, key: usize, gap: u32): usize {
  const end = LEARNED + <usize>learned * LEARNED_BYTES
  for (let entry = previous + LEARNED_BYTES; entry <= end; entry += LEARNED_BYTES) {
    if (isLearned(entry, key, gap)) {
      store<u32>(previous, <u32>(entry - previous), L_STEP)
      return entry
    }
  }
  return 0
}

/** Learns a key that is greater than all of its record before it, or finds that it is learned; 0 when there is no room. */
function learn(key: usize, size: u32, column: u32): usize {
  memory.fill(SCRATCH_B, 0, 32)
  memory.copy(SCRATCH_B, key, size)
  store<u8>(SCRATCH_B + size, 0x22)
  let entry = LEARNED + <usize>learned * LEARNED_BYTES
  let order: i32 = 1
  for (; entry > LEARNED; entry -= LEARNED_BYTES) {
    order = memory.compare(entry, SCRATCH_B, 32)
    if (order <= 0) break
  }
  if (order == 0) return entry
  if (learned == MAX_LEARNED) return 0
  entry += LEARNED_BYTES
  memory.copy(entry + LEARNED_BYTES, entry, LEARNED + <usize>(learned + 1) * LEARNED_BYTES - entry)
  memory.copy(entry, SCRATCH_B, 32)
  memory.fill(entry + L_MASK, 0, 32)
  memory.fill(entry + L_MASK, 0xff, size + 1)
  store<u32>(entry, size + 1, L_GAP)
  store<u32>(entry, column, L_COLUMN)
  learned++
  for (let k: u32 = 0; k <= learned; k++) store<u32>(LEARNED + <usize>k * LEARNED_BYTES, <u32>LEARNED_BYTES, L_STEP)
  return entry
}

/** 1: the key is greater than the one before it, 0: it is equal, -1: smaller; by bytes, which is by code point. */
// @ts-ignore: decorator
@inline function compareKeys(previous: usize, previousSize: u32, current: usize, size: u32): i32 {
  const shorter = min(previousSize, size)
  let k: u32 = 0
  while (true) {
    const x = load<u64>(previous + k), y = load<u64>(current + k)
    if (x != y) {
      const same = <u32>(ctz(x ^ y) >> 3)
      if (k + same >= shorter) return previousSize == size ? 0 : previousSize < size ? 1 : -1
      const shift = <u64>same << 3
      return ((x >> shift) & 255) < ((y >> shift) & 255) ? 1 : -1
    }
    k += 8
    if (k >= shorter) return previousSize == size ? 0 : previousSize < size ? 1 : -1
  }
}

function sameKey(p: usize, length: u32, q: usize, size: u32): bool {
  if (length == size && sameBytes(p, q, length)) return true
  const escaped = hasBackslash(p, length), other = hasBackslash(q, size)
  if (!escaped && !other) return false
  let a = p, aLength = length, b = q, bLength = size
  if (escaped) { aLength = unescape(p, length, SCRATCH_A); a = SCRATCH_A }
  if (other) { bLength = unescape(q, size, SCRATCH_B); b = SCRATCH_B }
  return aLength == bLength && sameBytes(a, b, aLength)
}

/** Compares a key with all those logged before it in its object; the last one of `count` is the key itself. True when it is there. */
function isLogged(level: i32, count: u32): bool {
  const base = LOG + <usize>level * <usize>LOG_KEYS * 8
  const own = base + <usize>(count - 1) * 8
  const p = WINDOW + <usize>load<u32>(own), length = load<u32>(own, 4)
  for (let entry = base; entry < own; entry += 8) if (sameKey(p, length, WINDOW + <usize>load<u32>(entry), load<u32>(entry, 4))) return true
  return false
}

function refuseKey(code: i32, keyStart: u32): i32 {
  fail(code, keyStart - 1, S_COLON)
  return -1
}

let keyCheck: u32 = 0
let keyOrder: i32 = 0
let keyEscaped: bool = false

/**
 * Takes a key of a record or entry, logged already, that is not known to come in order: compares it with those before it. The column of
 * a field, 0 for any other, or -1 when the scan has failed.
 */
export function takeKey(keyStart: u32, size: u32, d: i32, mayEscape: bool): i32 {
  const level = DEPTHS + (<usize>d << 4)
  const count = load<u32>(level)
  const key = WINDOW + keyStart
  keyCheck = 0
  keyEscaped = mayEscape && hasBackslash(key, size)
  keyOrder = 1
  if (count > 1) keyOrder = compareKeys(WINDOW + load<u32>(level, 4), load<u32>(level, 8), key, size)
  if (keyOrder == 0) return refuseKey(E_DUPLICATE, keyStart)
  if (keyEscaped) {
    if (size > SCRATCH_BYTES) return refuseKey(E_KEY_LONG, keyStart)
    store<u32>(level, 1, 12)
  }
  if (keyOrder < 0 || load<u32>(level, 12)) {
    if (count > <u32>LOG_KEYS) keyCheck = F_CHECK
    else if (count > 1 && isLogged(d, count)) return refuseKey(E_DUPLICATE, keyStart)
  }
  if (keyOrder > 0) {
    store<u32>(level, keyStart, 4)
    store<u32>(level, size, 8)
  }
  if (!keyEscaped) return <i32>fieldColumn(key, size)
  plainKey(key, size, SCRATCH_A)
  return <i32>fieldColumn(plainAt, plainLength)
}

/** After `takeKey`, for a key of a record: the greatest learned one so far. One that comes out of order leaves it as it was; 0 gives up. */
export function learnKey(keyStart: u32, size: u32, previous: usize, column: i32): usize {
  if (!previous || keyEscaped) return 0
  if (keyOrder < 0) return previous
  return size <= LEARNED_KEY - 1 ? learn(WINDOW + keyStart, size, <u32>column) : 0
}

/** Where a number or literal at p ends, or 0 when it is none. It may reach `end`. */
function scalarEnd(start: usize, end: usize): usize {
  let p = start
  let c = at(p)
  if (c == 0x74 || c == 0x6e) {
    const stop = p + 4
    if (stop > end) return partialLiteral(p, end, c) ? end : 0
    return load<u32>(p) == (c == 0x74 ? 0x65757274 : 0x6c6c756e) ? stop : 0
  }
  if (c == 0x66) {
    const stop = p + 5
    if (stop > end) return partialLiteral(p, end, c) ? end : 0
    return load<u32>(p) == 0x736c6166 && at(p + 4) == 0x65 ? stop : 0
  }
  if (c == 0x2d) { p++; if (p >= end) return end; c = at(p) }
  if (c == 0x30) p++
  else if (c >= 0x31 && c <= 0x39) { do { p++ } while (p < end && at(p) - 0x30 <= 9) }
  else return 0
  if (p < end && at(p) == 0x2e) {
    p++
    const digits = p
    while (p < end && at(p) - 0x30 <= 9) p++
    if (p == digits) return p < end ? 0 : end
  }
  if (p < end && (at(p) | 0x20) == 0x65) {
    p++
    if (p < end && (at(p) == 0x2b || at(p) == 0x2d)) p++
    const digits = p
    while (p < end && at(p) - 0x30 <= 9) p++
    if (p == digits) return p < end ? 0 : end
  }
  return p
}

function partialLiteral(p: usize, end: usize, first: u32): bool {
  const length = <u32>(end - p)
  const word: u64 = first == 0x74 ? 0x65757274 : first == 0x6e ? 0x6c6c756e : 0x65736c6166
  for (let k: u32 = 0; k < length; k++) if (at(p + k) != <u32>((word >> <u64>(k << 3)) & 255)) return false
  return true
}

// UTF-8 by one state variable: how many bytes are to come, and the range of the next.
let utfNeed: i32 = 0
let utfLow: u32 = 0x80
let utfHigh: u32 = 0xbf

/** Checks bytes of a block; the place of the first wrong one, or `length`. */
export function checkUtf8(p: usize, length: u32): u32 {
  for (let k: u32 = 0; k < length; k++) {
    const c = at(p + k)
    if (utfNeed) {
      if (c < utfLow || c > utfHigh) return k
      utfLow = 0x80
      utfHigh = 0xbf
      utfNeed--
      continue
    }
    if (c < 0x80) continue
    if (c < 0xc2 || c > 0xf4) return k
    if (c < 0xe0) utfNeed = 1
    else if (c < 0xf0) {
      utfNeed = 2
      if (c == 0xe0) utfLow = 0xa0
      else if (c == 0xed) utfHigh = 0x9f
    } else {
      utfNeed = 3
      if (c == 0xf0) utfLow = 0x90
      else if (c == 0xf4) utfHigh = 0x8f
    }
  }
  return length
}

// The place of the low surrogate that belongs to a high one already seen.
let lowExpected: u32 = 0xffffffff

/** Checks the escape at `i` of the window as far as there is data. 0, or why it is wrong. */
export function checkEscape(i: u32, length: u32): i32 {
  if (i + 1 >= length) return 0
  const c = at(WINDOW + i + 1)
  if (c != 0x75) return c == 0x22 || c == 0x5c || c == 0x2f || c == 0x62 || c == 0x66 || c == 0x6e || c == 0x72 || c == 0x74 ? 0 : E_ESCAPE
  let code: i32 = 0
  for (let k: u32 = 2; k < 6; k++) {
    if (i + k >= length) return 0
    const digit = hexValue(at(WINDOW + i + k))
    if (digit < 0) return E_ESCAPE
    code = (code << 4) | digit
  }
  if (code >= 0xdc00 && code < 0xe000) return lowExpected == i ? 0 : E_SURROGATE
  if (code < 0xd800 || code >= 0xe000) return 0
  for (let k: u32 = 6; k < 12; k++) {
    if (i + k >= length) return 0
    const d = at(WINDOW + i + k)
    if (k == 6 ? d != 0x5c : k == 7 ? d != 0x75 : k == 8 ? (d | 0x20) != 0x64 : k == 9 ? ((d < 0x63 || d > 0x66) && (d < 0x43 || d > 0x46)) : hexValue(d) < 0) return E_SURROGATE
  }
  lowExpected = i + 6
  return 0
}

/** The blanks between tokens of the chunk that starts at `chunk`, before a position of it. */
export function blanksBefore(chunk: u32, pos: u32): u64 {
  let found: u64 = 0
  let block = OUTERS
  let i = chunk
  for (; i + 64 <= pos; i += 64, block += 8) found |= load<u64>(block)
  return i < pos ? found | (load<u64>(block) & ((<u64>1 << <u64>(pos - i)) - 1)) : found
}

/** Appends the places of the bits of a block to the list at `list`; gives its new end. Writes up to 64 bytes behind it. */
// @ts-ignore: decorator
@inline function flatten(bits: u64, i: u32, list: usize): usize {
  let b = bits
  const end = list + (<usize>popcnt(bits) << 2)
  let p = list
  do {
    store<u32>(p, i + <u32>ctz(b)); b &= b - 1
    store<u32>(p, i + <u32>ctz(b), 4); b &= b - 1
    store<u32>(p, i + <u32>ctz(b), 8); b &= b - 1
    store<u32>(p, i + <u32>ctz(b), 12); b &= b - 1
    store<u32>(p, i + <u32>ctz(b), 16); b &= b - 1
    store<u32>(p, i + <u32>ctz(b), 20); b &= b - 1
    store<u32>(p, i + <u32>ctz(b), 24); b &= b - 1
    store<u32>(p, i + <u32>ctz(b), 28); b &= b - 1
    p += 32
  } while (p < end)
  return end
}

/** The token at `p` of the list. */
// @ts-ignore: decorator
@inline function tokenAt(p: usize): u32 { return at(WINDOW + load<u32>(p)) }

/** That, and the byte behind it. */
// @ts-ignore: decorator
@inline function twoAt(p: usize): u32 { return <u32>load<u16>(WINDOW + load<u32>(p)) }

// @ts-ignore: decorator
@inline function isOperator(c: u32): bool { return (c | 0x20) == 0x7b || (c | 0x20) == 0x7d || c == 0x3a || c == 0x2c }

/** A string, number or literal begins with it. */
// @ts-ignore: decorator
@inline function isStart(c: u32): bool { return c > 0x20 && !isOperator(c) }

/** Where a list of strings ends whose opening bracket is at `p` of the tokens before `stop`: at its closing bracket. 0 for any other array. */
// @ts-ignore: decorator
@inline function stringsEnd(list: usize, stop: usize): usize {
  if (list + 4 >= stop) return 0
  let p = list + 4
  if (twoAt(list) != 0x225b) return load<u32>(p) == load<u32>(list) + 1 && tokenAt(p) == 0x5d ? p : 0
  while (twoAt(p) == 0x222c) {
    p += 4
    if (p >= stop) return 0
  }
  return tokenAt(p) == 0x5d ? p : 0
}

/** A whole number without sign whose first digit is `first` ends at the token at `p`. */
// @ts-ignore: decorator
@inline function isPlainNumber(start: usize, first: u32, p: usize): bool {
  const digits = ctz(~i8x16.bitmask(within(v128.load(start), 0x30, 0x39)))
  return digits > 0 && start + digits == WINDOW + load<u32>(p) && (first != 0x30 || digits == 1)
}

/** A top-level value ended before the comma or brace at `pos`, which is scanned again. */
export function entry(pos: u32, check: u32, outer: u64): i32 {
  let end = pos
  while (isSpace(at(WINDOW + end - 1))) end--
  valueEnd = end
  entryCheck = check
  spaced |= outer
  state = S_AFTER
  role = R_ROOT
  depth = 1
  consumed = pos
  return TOP_ENTRY
}

export function openSection(pos: u32, d: i32, outer: u64): i32 {
  spaced |= outer
  state = S_FIRST_KEY
  role = R_SECTION
  depth = d
  sectionDepth = d
  previousLength = -1
  consumed = pos + 1
  return SECTION_OPEN
}

/** Bytes of the key that starts at `start` and has its colon at `colon`. */
// @ts-ignore: decorator
@inline function keySize(start: u32, colon: u32): u32 {
  let k = colon - 1
  while (at(WINDOW + k) != 0x22) k--
  return k - start
}

/** Saves the last key of a batch, for the order of the next. */
export function keepPrevious(p: usize, size: i32): void {
  if (size > <i32>PREVIOUS_BYTES) previousLength = -2
  else if (size >= 0) {
    memory.copy(PREVIOUS, p, size)
    previousLength = size
  }
}

function unfinished(length: u32, last: i32, s: i32): i32 {
  if (s == S_DONE) return last ? DONE : NEED_MORE
  return last ? fail(E_END, length, s) : NEED_MORE
}

/**
 * Scans the window between `from`, the last commit point, and `length`. `last`: nothing follows. Rows are complete records of one
 * section; `consumed` is the commit point where the next scan starts.
 */
function scanWindow(from: u32, length: u32, last: i32): i32 {
  const w = WINDOW
  // Behind the data: nothing that could be taken for a token.
  for (let k: usize = 0; k < 64; k += 16) v128.store(w + length + k, i8x16.splat(0x20))
  rows = 0
  flagged = 0
  consumed = from
  utfNeed = 0
  utfLow = 0x80
  utfHigh = 0xbf
  lowExpected = 0xffffffff

  const atStart = state == S_ROOT
  let s = state, d = depth, r = role
  // The committed state; depth and role of a commit in a section do not change from record to record.
  let keyStart: u32 = 0
  let inString: u64 = 0
  let escapeCarry: u64 = 0
  let scalarCarry: u64 = 0
  let lastBackslash: i32 = -1
  let row = ROWS
  const recordDepth = sectionDepth + 1
  let previousKey: usize = PREVIOUS
  let previousSize = previousLength
  let check: u32 = 0
  // The greatest key of the record so far, or its beginning; 0 when that is not a learned one.
  let previousLearned: usize = 0
  if (atStart) sectionDepth = 0

  for (let chunk: u32 = from; chunk < length; chunk += CHUNK) {
  const chunkEnd = min(chunk + CHUNK, length)
  let stop = TOKENS
  let blanks: u64 = 0
  let outers = OUTERS
  let wrong: i32 = 0
  let wrongAt: u32 = 0
  let wrongState: i32 = -1
  // What begins right behind an operator is no token of its own: the walk has to look there. Not from chunk to chunk.
  let operatorCarry: u64 = 0
  for (let i: u32 = chunk; i < chunkEnd; i += 64) {
    const a = v128.load(w + i), b = v128.load(w + i, 16), c = v128.load(w + i, 32), e = v128.load(w + i, 48)
    let quotes = equal(a, b, c, e, i8x16.splat(0x22))
    let badAt: u32 = 64

    const B = i8x16.splat(0x5c)
    const ba = i8x16.eq(a, B), bb = i8x16.eq(b, B), bc = i8x16.eq(c, B), be = i8x16.eq(e, B)
    if (escapeCarry != 0 || v128.any_true(v128.or(v128.or(ba, bb), v128.or(bc, be)))) {
      const backslashes = mask(ba, bb, bc, be)
      const first = escapeCarry
      const potential = backslashes & ~first
      const maybe = (potential << 1) | 0xaaaaaaaaaaaaaaaa
      const codes = (maybe - potential) ^ 0xaaaaaaaaaaaaaaaa
      const escaped = codes ^ (backslashes | first)
      let escapes = codes & backslashes
      escapeCarry = escapes >> 63
      quotes &= ~escaped
      if (backslashes) lastBackslash = <i32>(i + 63 - <u32>clz(backslashes))
      while (escapes) {
        const k = <u32>ctz(escapes)
        escapes &= escapes - 1
        const why = checkEscape(i + k, length)
        if (why) { wrong = why; badAt = k; break }
      }
    }

    const inside = prefixXor(quotes) ^ inString
    inString = <u64>(<i64>inside >> 63)

    const spaces = mask(i8x16.lt_u(a, i8x16.splat(0x21)), i8x16.lt_u(b, i8x16.splat(0x21)), i8x16.lt_u(c, i8x16.splat(0x21)), i8x16.lt_u(e, i8x16.splat(0x21)))
    const ops = mask(operators(a), operators(b), operators(c), operators(e)) & ~inside
    const scalars = ~(inside | quotes | ops | spaces)
    let tokens = ops | (((quotes & inside) | (scalars & ~((scalars << 1) | scalarCarry))) & ~((ops << 1) | operatorCarry))
    operatorCarry = ops >> 63
    scalarCarry = scalars >> 63

    if (v128.any_true(i8x16.lt_u(i8x16.min_u(i8x16.min_u(a, b), i8x16.min_u(c, e)), i8x16.splat(0x20)))) {
      const C = i8x16.splat(0x20)
      let controls = mask(i8x16.lt_u(a, C), i8x16.lt_u(b, C), i8x16.lt_u(c, C), i8x16.lt_u(e, C))
      const white = equal(a, b, c, e, i8x16.splat(0x0a)) | equal(a, b, c, e, i8x16.splat(0x0d)) | equal(a, b, c, e, i8x16.splat(0x09))
      controls &= ~(white & ~inside)
      if (controls) {
        const k = <u32>ctz(controls)
        if (k < badAt) { badAt = k; wrong = E_CONTROL }
      }
    }
    if (utfNeed || i8x16.bitmask(v128.or(v128.or(a, b), v128.or(c, e)))) {
      const size = min<u32>(64, length - i)
      const k = checkUtf8(w + i, size)
      if (k < size && k < badAt) { badAt = k; wrong = E_UTF8 }
    }
    let outer = spaces & ~inside
    if (i + 64 > length) outer &= (<u64>1 << <u64>(length - i)) - 1
    store<u64>(outers, outer)
    outers += 8
    blanks |= outer
    if (wrong) {
      tokens &= badAt == 0 ? 0 : (<u64>-1 >> <u64>(64 - badAt))
      wrongAt = i + badAt
      if (inside & (<u64>1 << <u64>badAt)) wrongState = S_STRING
    }
    stop = flatten(tokens, i, stop)
    if (wrong) break
  }

    let token = TOKENS
    const edge = wrong ? wrongAt : chunkEnd
    let pos: u32 = 0
    // Something begins behind the operator at `pos`.
    let begins = false
    while (true) {
      if (begins) {
        pos++
        begins = false
      } else if (token < stop) {
        pos = load<u32>(token)
        token += 4
      } else break
      const ch = at(w + pos)
      let inKeys = false
      if (isOperator(ch)) begins = pos + 1 < edge && isStart(at(w + pos + 1))
      if (ch == 0x22) {
        if (s == S_VALUE) s = S_AFTER
        else if (s == S_KEY || s == S_FIRST_KEY) { keyStart = pos + 1; s = S_COLON }
        else if (s == S_ITEM || s == S_FIRST_ITEM) {
          s = S_AFTER_ITEM
          // In a list of strings: commas and strings in turn.
          while (token + 4 < stop && twoAt(token) == 0x222c) token += 4
        } else if (s == S_OUTER_VALUE) {
          if (r != R_ROOT) return fail(r == R_SECTION ? E_RECORD : E_SECTION, pos, s)
          if (section) return fail(E_SECTION, pos, s)
          valueAt = pos
          s = S_AFTER_ENTRY
        } else if (s == S_ROOT) return fail(E_ROOT, pos, s)
        else return fail(E_TOKEN, pos, s)
      } else if (ch == 0x2c) {
        if (s == S_AFTER) s = S_KEY
        else if (s == S_AFTER_ITEM) s = S_ITEM
        else if (s == S_AFTER_ENTRY) return entry(pos, check, blanksBefore(chunk, pos))
        else return fail(E_TOKEN, pos, s)
      } else if (ch == 0x3a) {
        if (s != S_COLON) return fail(E_TOKEN, pos, s)
        if (r < R_RECORD) {
          const size = keySize(keyStart, pos)
          keyAt = keyStart
          keyLength = size
          s = S_OUTER_VALUE
          section = r == R_SECTION ? section : 0
          check = 0
          if (r == R_ROOT) {
            if (!plainKey(w + keyStart, size, SCRATCH_A)) return fail(E_KEY_LONG, keyStart, s)
            section = outerKind(plainAt, plainLength)
          }
        } else inKeys = true
      } else if (ch == 0x7b) {
        if (s == S_VALUE || s == S_ITEM || s == S_FIRST_ITEM) {
          if (d >= MAX_DEPTH) return fail(E_DEEP, pos, s)
          d++
          store<u8>(KINDS + d, 0)
          const level = DEPTHS + (<usize>d << 4)
          store<u32>(level, 0)
          store<u32>(level, 0, 12)
          s = S_FIRST_KEY
        } else if (s == S_OUTER_VALUE) {
          d++
          store<u8>(KINDS + d, 0)
          const level = DEPTHS + (<usize>d << 4)
          store<u32>(level, 0)
          store<u32>(level, 0, 12)
          s = S_FIRST_KEY
          check = 0
          if (r == R_SECTION) {
            r = R_RECORD
            previousLearned = LEARNED
            v128.store(row, i32x4(<i32>keyAt, <i32>keyLength, <i32>pos, 0))
            v128.store(row, i32x4.splat(0), 16)
            v128.store(row, i32x4.splat(0), 32)
            v128.store(row, i32x4.splat(0), 48)
            v128.store(row, i32x4.splat(0), 64)
          } else if (r == R_V3) {
            section = 3
            return openSection(pos, d, blanksBefore(chunk, pos))
          } else if (section == 1 || section == 2) return openSection(pos, d, blanksBefore(chunk, pos))
          else if (section == 3) {
            depth = d
            role = R_V3
            state = S_FIRST_KEY
            consumed = pos + 1
            spaced |= blanksBefore(chunk, pos)
            return V3_OPEN
          } else {
            r = R_ENTRY
            valueAt = pos
          }
        } else if (s == S_ROOT) {
          d = 1
          store<u8>(KINDS + 1, 0)
          r = R_ROOT
          s = S_FIRST_KEY
          depth = d
          role = r
          state = s
          consumed = pos + 1
        } else return fail(E_TOKEN, pos, s)
      } else if (ch == 0x7d) {
        if (s != S_AFTER && s != S_FIRST_KEY) {
          if (s == S_AFTER_ENTRY) return entry(pos, check, blanksBefore(chunk, pos))
          return fail(E_TOKEN, pos, s)
        }
        d--
        if (r >= R_RECORD) {
          s = load<u8>(KINDS + d) ? S_AFTER_ITEM : S_AFTER
          if (d == sectionDepth && r == R_RECORD) {
            // A record is complete.
            r = R_SECTION
            store<u32>(row, pos + 1, 12)
            const p = w + load<u32>(row), size = load<u32>(row, 4)
            let flags = check
            const escaped = lastBackslash >= <i32>load<u32>(row) && hasBackslash(p, size)
            if (escaped) {
              if (size > SCRATCH_BYTES) return fail(E_KEY_LONG, load<u32>(row) - 1, s)
              flags |= F_ESCAPED | F_UNSORTED
            } else {
              if (previousSize == -2) flags |= F_UNSORTED
              else if (previousSize >= 0) {
                const order = compareKeys(previousKey, previousSize, p, size)
                if (order == 0) return fail(E_DUPLICATE, load<u32>(row) - 1, s)
                if (order < 0) flags |= F_UNSORTED
              }
            }
            previousKey = p
            previousSize = size
            store<u32>(row, flags, 16)
            flagged |= flags
            row += ROW_BYTES
            rows++
            consumed = pos + 1
            state = S_AFTER
            role = R_SECTION
            depth = d
            if (rows == MAX_ROWS) {
              spaced |= blanksBefore(chunk, pos)
              keepPrevious(previousKey, previousSize)
              return BATCH_FULL
            }
            // What mostly follows: a comma, a key, a colon, an object, a key, a colon.
            if (!begins && token + 12 < stop && twoAt(token) == 0x222c && twoAt(token + 4) == 0x7b3a && twoAt(token + 8) == 0x227b && tokenAt(token + 12) == 0x3a) {
              keyStart = load<u32>(token) + 2
              pos = load<u32>(token, 4)
              v128.store(row, i32x4(<i32>keyStart, <i32>keySize(keyStart, pos), <i32>pos + 1, 0))
              v128.store(row, i32x4.splat(0), 16)
              v128.store(row, i32x4.splat(0), 32)
              v128.store(row, i32x4.splat(0), 48)
              v128.store(row, i32x4.splat(0), 64)
              r = R_RECORD
              check = 0
              previousLearned = LEARNED
              d++
              store<u8>(KINDS + d, 0)
              store<u32>(DEPTHS + (<usize>d << 4), 0)
              store<u32>(DEPTHS + (<usize>d << 4), 0, 12)
              keyStart = pos + 3
              pos = load<u32>(token, 12)
              token += 16
              s = S_COLON
              inKeys = true
            }
          } else if (d == 1 && r == R_ENTRY) {
            r = R_ROOT
            s = S_AFTER_ENTRY
          }
        } else if (r == R_SECTION) {
          spaced |= blanksBefore(chunk, pos)
          depth = d
          role = d == 1 ? R_ROOT : R_V3
          state = S_AFTER
          consumed = pos + 1
          return SECTION_CLOSE
        } else if (r == R_V3) {
          depth = d
          role = R_ROOT
          state = S_AFTER
          consumed = pos + 1
          r = R_ROOT
          s = S_AFTER
        } else {
          spaced |= blanksBefore(chunk, pos)
          s = S_DONE
          depth = 0
          role = R_ROOT
          state = S_DONE
          consumed = pos + 1
        }
      } else if (ch == 0x5b) {
        if (s == S_VALUE || s == S_ITEM || s == S_FIRST_ITEM) {
          if (d >= MAX_DEPTH) return fail(E_DEEP, pos, s)
        } else if (s == S_OUTER_VALUE) {
          if (r == R_SECTION) return fail(E_RECORD, pos, s)
          if (r == R_V3 || section) return fail(E_SECTION, pos, s)
          valueAt = pos
          check = 0
          r = R_ENTRY
        } else return fail(s == S_ROOT ? E_ROOT : E_TOKEN, pos, s)
        d++
        store<u8>(KINDS + d, 1)
        s = S_FIRST_ITEM
      } else if (ch == 0x5d) {
        if (s != S_AFTER_ITEM && s != S_FIRST_ITEM) return fail(E_TOKEN, pos, s)
        d--
        s = load<u8>(KINDS + d) ? S_AFTER_ITEM : S_AFTER
        if (d == 1 && r == R_ENTRY) {
          r = R_ROOT
          s = S_AFTER_ENTRY
        }
      } else {
        // A number or a literal: it ends where something else begins.
        if (s == S_DONE || s == S_COLON || s == S_KEY || s == S_FIRST_KEY || s == S_AFTER || s == S_AFTER_ITEM || s == S_AFTER_ENTRY) return fail(E_TOKEN, pos, s)
        const stop = scalarEnd(w + pos, w + length)
        if (!stop) return fail(E_SCALAR, pos, s)
        const end = <u32>(stop - w)
        if (end >= length) {
          if (!last) {
            if (rows) keepPrevious(previousKey, previousSize)
            return NEED_MORE
          }
        } else {
          const next = at(w + end)
          if (next > 0x20 && next != 0x2c && next != 0x7d && next != 0x5d && next != 0x3a && next != 0x7b && next != 0x5b && next != 0x22) return fail(E_SCALAR, pos, s)
        }
        if (s == S_VALUE) s = S_AFTER
        else if (s == S_OUTER_VALUE) {
          if (r != R_ROOT) return fail(r == R_SECTION ? E_RECORD : E_SECTION, pos, s)
          if (section) return fail(E_SECTION, pos, s)
          valueAt = pos
          s = S_AFTER_ENTRY
        } else if (s == S_ROOT) return fail(E_ROOT, pos, s)
        else s = S_AFTER_ITEM
      }
      // Keys of one object, at any depth of a record or entry, as long as what follows is the usual.
      if (inKeys) {
        const level = DEPTHS + (<usize>d << 4)
        const log = LOG + <usize>d * <usize>LOG_KEYS * 8
        const inRecord = d == recordDepth && r == R_RECORD
        let count = load<u32>(level)
        let greatest = load<u64>(level, 4)
        while (true) {
          const gap = pos - keyStart
          const key = w + keyStart
          let entry = NO_KEY
          if (inRecord && previousLearned) {
            entry = previousLearned + load<u32>(previousLearned, L_STEP)
            if (!isLearned(entry, key, gap)) {
              entry = findLearned(previousLearned, key, gap)
              if (!entry) entry = NO_KEY
            }
          }
          if (entry != NO_KEY) {
            // All keys of the record so far are learned ones, or smaller than one that is.
            previousLearned = entry
            greatest = <u64>keyStart | (<u64>(gap - 1) << 32)
            if (count < <u32>LOG_KEYS) store<u64>(log + (<usize>count << 3), greatest)
            count++
            const column = load<u32>(entry, L_COLUMN)
            if (column) store<u32>(row + (column << 2), pos + 1)
          } else {
            const size = keySize(keyStart, pos)
            if (count < <u32>LOG_KEYS) store<u64>(log + (<usize>count << 3), <u64>keyStart | (<u64>size << 32))
            count++
            store<u32>(level, count)
            store<u64>(level, greatest, 4)
            const column = takeKey(keyStart, size, d, lastBackslash >= <i32>keyStart)
            if (column < 0) return FAILED
            check |= keyCheck
            greatest = load<u64>(level, 4)
            if (inRecord) {
              if (column) store<u32>(row + (<u32>column << 2), pos + 1)
              previousLearned = learnKey(keyStart, size, previousLearned, column)
            }
          }
          s = S_VALUE
          begins = false
          // What mostly follows: a string, a number or a list of strings, a comma, a key, a colon.
          const first = at(w + pos + 1)
          if (token >= stop) {
            begins = pos + 1 < edge && isStart(first)
            break
          }
          if (first == 0x5b) {
            const end = d < MAX_DEPTH ? stringsEnd(token, stop) : 0
            if (!end) break
            token = end + 4
            const behind = load<u32>(end) + 1
            if (behind < edge && isStart(at(w + behind))) {
              // Nothing may begin there, and it is no token: the next round refuses it.
              pos = behind - 1
              begins = true
              s = S_AFTER
              break
            }
          } else if (first != 0x22 && !isPlainNumber(w + pos + 1, first, token)) {
            begins = isStart(first)
            if (!begins || scalarEnd(w + pos + 1, w + length) != w + load<u32>(token)) break
            begins = false
          }
          s = S_AFTER
          if (token + 4 >= stop || twoAt(token) != 0x222c || tokenAt(token + 4) != 0x3a) break
          keyStart = load<u32>(token) + 2
          pos = load<u32>(token, 4)
          token += 8
          s = S_COLON
        }
        store<u32>(level, count)
        store<u64>(level, greatest, 4)
      }
    }
    if (wrong) return fail(wrong, wrongAt, wrongState < 0 ? s : wrongState)
    if (s != S_DONE) spaced |= blanks
  }
  if (rows) keepPrevious(previousKey, previousSize)
  return unfinished(length, last, inString != 0 ? S_STRING : s)

}

/** The same, with what stands behind `length` left as it is. */
export function scan(from: u32, length: u32, last: i32): i32 {
  const p = WINDOW + length
  const a = v128.load(p), b = v128.load(p, 16), c = v128.load(p, 32), e = v128.load(p, 48)
  const status = scanWindow(from, length, last)
  v128.store(p, a)
  v128.store(p, b, 16)
  v128.store(p, c, 32)
  v128.store(p, e, 48)
  return status
}

/** Hashes the keys of the rows of the last scan. */
export function hashKeys(): void {
  for (let k: u32 = 0; k < rows; k++) {
    const row = ROWS + <usize>k * ROW_BYTES
    const p = WINDOW + load<u32>(row), size = load<u32>(row, 4)
    const hash = load<u32>(row, 16) & F_ESCAPED ? hashBytes(SCRATCH_A, unescape(p, size, SCRATCH_A)) : hashBytes(p, size)
    store<u64>(KEY_HASHES + (<usize>k << 3), hash)
  }
}

/** Whether the record with the key at `key` may come next: the last unit was a record of an open section, and its key is smaller. */
export function follows(key: u32, length: u32): i32 {
  if (state != S_AFTER || role != R_SECTION || previousLength < 0) return 0
  return compareKeys(PREVIOUS, previousLength, WINDOW + key, length) > 0 ? 1 : 0
}

/** Takes a record for scanned: bytes that were found valid elsewhere, behind the same state. */
export function pass(key: u32, length: u32): void {
  keepPrevious(WINDOW + key, length)
}

// Marks of a row in the columns.
const M_MD5: u32 = 1
const M_NO_DIGEST: u32 = 2
const M_BAD_DIGEST: u32 = 4
const M_BAD_SIZE: u32 = 6
const M_NAME: u32 = 16
const M_URL: u32 = 32

// conda's rule: timestamps up to this one are seconds. And: a day after 2100 begins, timestamps stop to be believed.
const LAST_SECOND: f64 = 253402300799
const LATEST: f64 = 4102531200000

// @ts-ignore: decorator
@inline function within(x: v128, low: u32, high: u32): v128 {
  return i8x16.le_u(i8x16.sub(x, i8x16.splat(<i8>low)), i8x16.splat(<i8>(high - low)))
}

/** True when a name passes the alphabet and ends in a known extension; false also where only the host can tell. */
function isPlainName(p: usize, length: u32): bool {
  if (length < 5 || length > 255) return false
  for (let k: u32 = 0; k < length; k += 16) {
    const x = v128.load(p + k)
    const good = v128.or(
      v128.or(within(v128.or(x, i8x16.splat(0x20)), 0x61, 0x7a), within(x, 0x30, 0x39)),
      v128.or(v128.or(within(x, 0x2d, 0x2e), i8x16.eq(x, i8x16.splat(0x5f))), v128.or(i8x16.eq(x, i8x16.splat(0x2b)), i8x16.eq(x, i8x16.splat(0x21)))),
    )
    let bits = <u32>i8x16.bitmask(good)
    const rest = length - k
    if (rest < 16) bits |= <u32>0xffff << rest
    if ((bits & 0xffff) != 0xffff) return false
  }
  const first = at(p)
  if (first == 0x2e || first == 0x2b || first == 0x21 || first == 0x2d) return false
  const fourth = at(p + 3), fifth = at(p + 4)
  if (fourth == 0x2e || fifth == 0x2e) return false
  const end = p + length
  if (length > 6 && load<u32>(end - 6) == 0x6e6f632e && load<u16>(end - 2) == 0x6164) return true
  if (length > 8 && load<u64>(end - 8) == 0x327a622e7261742e) return true
  return load<u32>(end - 4) == 0x6c68772e
}

// @ts-ignore: decorator
@inline function skipSpace(start: usize): usize {
  let p = start
  while (isSpace(at(p))) p++
  return p
}

/** Decodes 16 lower-case hex digits into 8 bytes, as 16-bit lanes; `allHex` becomes false when one is none. */
let allHex: bool = true
// @ts-ignore: decorator
@inline function nibbles(p: usize): v128 {
  const x = v128.load(p)
  const digit = within(x, 0x30, 0x39), letter = within(x, 0x61, 0x66)
  if (!i8x16.all_true(v128.or(digit, letter))) allHex = false
  const value = i8x16.sub(x, v128.bitselect(i8x16.splat(0x30), i8x16.splat(0x57), digit))
  return v128.and(v128.or(i16x8.shl(value, 4), i16x8.shr_u(value, 8)), i16x8.splat(0xff))
}

/** Reads the digest at a field's value. 0 absent or null, 1 written to `to`, 2 wrong. */
function readDigest(value: u32, digits: u32, to: usize): i32 {
  if (!value) return 0
  const p = skipSpace(WINDOW + value)
  const c = at(p)
  if (c == 0x6e) return 0
  if (c != 0x22 || at(p + 1 + digits) != 0x22) return 2
  allHex = true
  for (let k: usize = 0; k < digits; k += 32) v128.store(to + (k >> 1), i8x16.narrow_i16x8_u(nibbles(p + 1 + k), nibbles(p + 17 + k)))
  return allHex ? 1 : 2
}

/** The whole number at a field's value, or -1 when it is not a plain one of at most 2^53 - 1. */
function readSize(value: u32): f64 {
  if (!value) return -1
  let p = skipSpace(WINDOW + value)
  let size: u64 = 0
  const start = p
  while (at(p) - 0x30 <= 9) {
    size = size * 10 + <u64>(at(p) - 0x30)
    p++
    if (p - start > 16) return -1
  }
  const c = at(p) | 0x20
  if (p == start || c == 0x2e || c == 0x65 || size > 9007199254740991) return -1
  return <f64>size
}

/** Fills the columns for the rows of the last scan, with `rest` also fingerprints and the newest timestamp; gives the bytes of names. `attention` counts rows with a mark other than md5. */
export function tabulate(suffix: u32, rest: i32): u32 {
  let names: u32 = 0
  let any: u32 = 0, every: u32 = 255
  attention = 0
  for (let k: u32 = 0; k < rows; k++) {
    const row = ROWS + <usize>k * ROW_BYTES
    const value = load<u32>(row, 8)
    if (rest) store<u64>(FINGERPRINTS + (<usize>k << 3), hashBytes(WINDOW + value, load<u32>(row, 12) - value))

    let marks: u32 = 0
    const digest = DIGESTS + (<usize>k << 5)
    let found = readDigest(load<u32>(row, 44), 64, digest)
    if (found == 0) {
      v128.store(digest, i8x16.splat(0), 16)
      found = readDigest(load<u32>(row, 40), 32, digest)
      marks = found == 1 ? M_MD5 : found == 0 ? M_NO_DIGEST : M_BAD_DIGEST
    } else if (found == 2) marks = M_BAD_DIGEST
    const size = readSize(load<u32>(row, 36))
    if (size < 0 && !(marks & 6)) marks |= M_BAD_SIZE
    store<f64>(SIZES + (<usize>k << 3), size < 0 ? 0 : size)
    if (load<u32>(row, 56)) marks |= M_URL
    if (rest) {
      let time = readSize(load<u32>(row, 48))
      if (time <= LAST_SECOND) time *= 1000
      if (time > newest && time <= LATEST) newest = time
    }

    let p = WINDOW + load<u32>(row), length = load<u32>(row, 4)
    if (load<u32>(row, 16) & F_ESCAPED) {
      length = unescape(p, length, SCRATCH_A)
      p = SCRATCH_A
    }
    if (length + suffix > 255) marks |= M_NAME
    else {
      const name = NAMES + names
      // Up to 15 bytes more than asked for: the next name overwrites them.
      for (let k: u32 = 0; k < length; k += 16) v128.store(name + k, v128.load(p + k))
      if (suffix) memory.copy(name + length, SUFFIX, suffix)
      names += length + suffix
      const end = at(name + length + suffix - 1)
      any |= end
      every &= end
      if (!isPlainName(name, length + suffix)) marks |= M_NAME
    }
    store<u32>(NAME_ENDS + (<usize>k << 2), names)
    store<u8>(MARKS + k, <u8>marks)
    if (marks & ~M_MD5) attention++
  }
  lasts = (any << 8) | every
  return names
}
