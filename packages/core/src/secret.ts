const MASK = '***'

/** A value that must not be shown: `toString`, `toJSON` and `util.inspect` give `***`; only `reveal` gives it away. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The value itself: for the request that needs it, and for nothing else. */
  reveal(): string {
    return this.#value
  }

  /** `***` */
  toString(): string {
    return MASK
  }

  /** `***` */
  toJSON(): string {
    return MASK
  }

  static {
    // Not a method with a computed name: declarations could not be inferred from that.
    Object.defineProperty(Secret.prototype, Symbol.for('nodejs.util.inspect.custom'), { value: () => MASK })
  }
}
