import fs from 'node:fs'

const PIECE = 256 * 1024
/** More than a record or the key of a folder takes. */
const MOST_RECORD_BYTES = 8 * 1024
const QUOTE = 0x22
const LINE_END = 0x0a

/** Reads a file from its start to its end, byte by byte, with no more of it in memory than a piece. */
export class ByteWindow implements Disposable {
  /** What is at hand; it stays as it is until the next `hold`. */
  bytes: Buffer = Buffer.allocUnsafe(PIECE)
  /** The place in `bytes`. */
  at = 0
  readonly #fd: number
  #end = 0
  #isOver = false
  /** Where the next bytes of the file are. */
  #position: number

  /** Opens a file, at that byte; throws what the operating system says. */
  constructor(path: string, start = 0) {
    this.#fd = fs.openSync(path, 'r')
    this.#position = start
  }

  /** Which byte of the file `at` is. */
  get offset(): number {
    return this.#position - this.#end + this.at
  }

  /** Makes sure that all of a record is at hand, however it goes on. */
  hold(): void {
    if (this.#end - this.at < MOST_RECORD_BYTES && !this.#isOver) this.#refill()
  }

  /** Whether that text is next. */
  has(text: string): boolean {
    const { bytes, at } = this
    if (this.#end - at < text.length) return this.#hasAtEnd(text)
    for (let place = 0; place < text.length; place += 1) if (bytes[at + place] !== text.charCodeAt(place)) return false
    return true
  }

  #hasAtEnd(text: string): boolean {
    this.hold()
    return this.bytes.toString('latin1', this.at, Math.min(this.#end, this.at + text.length)) === text
  }

  /** Passes that ASCII text; false, and stays, where something else is next. */
  skip(text: string): boolean {
    if (!this.has(text)) return false
    this.at += text.length
    return true
  }

  /** Passes everything up to that text, however far it is, and stays before it; false where it does not come. */
  skipTo(text: string): boolean {
    for (;;) {
      const found = this.bytes.subarray(this.at, this.#end).indexOf(text, 0, 'latin1')
      if (found >= 0) {
        this.at += found
        return true
      }
      if (this.#isOver) return false
      this.at = Math.max(this.at, this.#end - text.length + 1)
      this.#refill()
    }
  }

  /** Passes so many bytes. */
  move(length: number): void {
    this.at = Math.min(this.#end, this.at + length)
  }

  /** Passes everything up to the next quote, within a record; answers where that is, or -1. */
  findQuote(): number {
    const { bytes } = this
    let { at } = this
    while (at < this.#end && bytes[at] !== QUOTE) at += 1
    this.at = at
    return at < this.#end ? at : -1
  }

  /** Passes the digits of a whole number, and answers it. */
  readNumber(): number {
    let value = 0
    for (let digit = this.#digit(); digit >= 0 && digit <= 9; digit = this.#digit()) {
      value = value * 10 + digit
      this.at += 1
    }
    return value
  }

  #digit(): number {
    return this.at < this.#end ? (this.bytes[this.at] ?? 0) - 48 : -1
  }

  /** Passes what comes before that text within a record, and the text; undefined where it does not come. */
  readUntil(text: string): string | undefined {
    this.hold()
    const found = this.bytes.subarray(this.at, Math.min(this.#end, this.at + MOST_RECORD_BYTES)).indexOf(text)
    if (found < 0) return undefined
    const before = this.bytes.toString('utf8', this.at, this.at + found)
    this.at += found + text.length
    return before
  }

  /** Passes the rest of a line, of any length, and answers it without its end. */
  readLine(): string {
    let found = this.bytes.subarray(this.at, this.#end).indexOf(LINE_END)
    while (found < 0 && !this.#isOver) {
      this.#refill()
      found = this.bytes.subarray(this.at, this.#end).indexOf(LINE_END)
    }
    const stop = found < 0 ? this.#end : this.at + found
    const line = this.bytes.toString('utf8', this.at, stop)
    this.at = found < 0 ? this.#end : stop + 1
    return line
  }

  /** Whether nothing is left. */
  isAtEnd(): boolean {
    this.hold()
    return this.at === this.#end
  }

  /** Moves what is left to the front, and fills up what is behind it. */
  #refill(): void {
    if (this.at === 0 && this.#end === this.bytes.length) {
      const larger = Buffer.allocUnsafe(this.bytes.length * 2)
      this.bytes.copy(larger, 0, 0, this.#end)
      this.bytes = larger
    }
    this.bytes.copyWithin(0, this.at, this.#end)
    this.#end -= this.at
    this.at = 0
    while (this.#end < this.bytes.length && !this.#isOver) {
      const count = fs.readSync(this.#fd, this.bytes, this.#end, this.bytes.length - this.#end, this.#position)
      if (count === 0) this.#isOver = true
      this.#end += count
      this.#position += count
    }
  }

  [Symbol.dispose](): void {
    fs.closeSync(this.#fd)
  }
}
