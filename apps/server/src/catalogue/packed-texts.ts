/** Texts, one after the other with a line feed behind each: what many strings would be, in two blocks of memory that can be handed from thread to thread. */
export interface PackedTexts {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Where each ends, without its line feed. */
  readonly ends: Uint32Array<ArrayBuffer>
}

/** Packs texts in their order. */
export function packTexts(texts: readonly string[]): PackedTexts {
  const ends = new Uint32Array(texts.length)
  const bytes = new Uint8Array(texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0))
  const target = Buffer.from(bytes.buffer)
  let position = 0
  for (const [at, text] of texts.entries()) {
    position += target.write(text, position)
    ends[at] = position
    bytes[position] = LINE_FEED
    position += 1
  }
  return { bytes, ends }
}

const LINE_FEED = 0x0a

/** Where a text begins. */
export function startOfText({ ends }: PackedTexts, at: number): number {
  return at === 0 ? 0 : (ends[at - 1] ?? 0) + 1
}

/** One of the texts; empty where there is none. */
export function textAt(texts: PackedTexts, at: number): string {
  return viewOf(texts).toString('utf8', startOfText(texts, at), texts.ends[at] ?? 0)
}

const views = new WeakMap<PackedTexts, Buffer>()

/** The bytes as what can be decoded and searched: made once. */
function viewOf(texts: PackedTexts): Buffer {
  const known = views.get(texts)
  if (known !== undefined) return known
  const view = Buffer.from(texts.bytes.buffer, texts.bytes.byteOffset, texts.bytes.length)
  views.set(texts, view)
  return view
}

/** The first text that is not less than `wanted`, byte by byte; their number where all are. The texts must be sorted so. */
export function findText(texts: PackedTexts, wanted: Uint8Array): number {
  let low = 0
  for (let high = texts.ends.length; low < high;) {
    const middle = (low + high) >>> 1
    if (compareAt(texts, middle, wanted) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** How a text compares with bytes. */
export function compareAt(texts: PackedTexts, at: number, wanted: Uint8Array): number {
  return Buffer.compare(texts.bytes.subarray(startOfText(texts, at), texts.ends[at] ?? 0), wanted)
}

/** Every text that holds some bytes, in order, each once. */
export function* findContaining(texts: PackedTexts, wanted: Uint8Array): Generator<{ readonly at: number; /** In bytes, from the text's start. */ readonly offset: number }> {
  const all = viewOf(texts)
  for (let position = all.indexOf(wanted); position !== -1;) {
    const at = textAround(texts, position)
    const end = texts.ends[at] ?? all.length
    // A text that holds a line feed of its own looks like a boundary; what reaches over an end is none of it.
    if (position + wanted.length <= end) yield { at, offset: position - startOfText(texts, at) }
    position = all.indexOf(wanted, end + 1)
  }
}

/** The text that holds a position. */
function textAround({ ends }: PackedTexts, position: number): number {
  let low = 0
  for (let high = ends.length; low < high;) {
    const middle = (low + high) >>> 1
    if ((ends[middle] ?? 0) < position) low = middle + 1
    else high = middle
  }
  return low
}
