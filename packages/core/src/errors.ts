/** What a `MirrorError` carries beside its code and message. */
export interface MirrorErrorOptions extends ErrorOptions {
  /** One sentence that tells the operator what to do next. */
  readonly hint?: string
  /** Facts for machines: plain JSON values, never a secret. */
  readonly details?: Readonly<Record<string, unknown>>
}

/**
 * The one error class of all packages. `code` is stable and documented in `docs/reference/errors.md`; `message` reads
 * *Cannot <verb> <thing>: <what is>*; `hint` says what to do. Anything else that is thrown is a bug.
 */
export class MirrorError<Code extends string = string> extends Error {
  override readonly name = 'MirrorError'
  readonly code: Code
  readonly hint: string | undefined
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: Code, message: string, options: MirrorErrorOptions = {}) {
    super(message, options)
    this.code = code
    this.hint = options.hint
    this.details = options.details ?? {}
  }
}

/** True for our errors even when two versions of this package are installed; narrows to the given code when there is one. */
export function isMirrorError<Code extends string = string>(value: unknown, code?: Code): value is MirrorError<Code> {
  return value instanceof Error && value.name === 'MirrorError' && 'code' in value && (code === undefined || value.code === code)
}
