/** What is sent: JSON unless there are bytes. */
export interface Answer {
  readonly status: number
  readonly json?: unknown
  readonly bytes?: Uint8Array | string
  readonly headers?: Readonly<Record<string, string>>
}

/** Ends a call with an answer: what a real server would say, or a refusal. */
export class Stop extends Error {
  override readonly name: string = 'Stop'
  readonly status: number
  /** Why it was refused; undefined for what a real server says. */
  readonly refusal: string | undefined

  constructor(status: number, text: string, refusal?: string) {
    super(text)
    this.status = status
    this.refusal = refusal
  }
}

/** Refuses a call: 400, and written down. */
export function refuseCall(code: string, text: string): never {
  throw new Stop(400, `The double refuses (${code}): ${text}`, code)
}
