import type { IncomingHttpHeaders } from 'node:http'

import type { Gate } from '../exchange.ts'

/** How a call goes wrong. */
export type CallFault =
  /** Answers this, and does nothing. */
  | { readonly do: 'status'; readonly status: number; readonly error?: string; readonly headers?: Readonly<Record<string, string>> }
  /** Resets the connection before the body is read, and does nothing. */
  | { readonly do: 'reset' }
  /** Does what was asked, then resets the connection instead of answering. */
  | { readonly do: 'lose-answer' }
  /** Answers after a while. */
  | { readonly do: 'slow'; readonly milliseconds: number }
  /** Answers when the gate is open. */
  | { readonly do: 'wait'; readonly gate: Gate }
  /** The test acts, then the call is answered. */
  | { readonly do: 'call'; readonly callback: () => void | Promise<void> }

/** When and how to go wrong. */
export interface CallMisbehaviour {
  /** A method and what it is about, such as `POST stage`, `GET dist`, `POST upload`, `GET channel`; a kind that the double does not know is an error that lists them. */
  readonly kind: string
  /** How many calls of the kind are answered honestly first, default 0. */
  readonly skip?: number
  /** How many then go wrong, default all. */
  readonly times?: number
  readonly fault: CallFault
}

/** One field of an uploaded form. */
export interface ReceivedField {
  readonly name: string
  readonly filename: string | undefined
  readonly contentType: string | undefined
  /** Bytes of its value. */
  readonly size: number
}

/** One call as a double saw it, without secrets. */
export interface ReceivedCall {
  /** See {@link CallMisbehaviour.kind}; undefined for what the API does not know. */
  readonly kind: string | undefined
  readonly method: string
  /** As received, under the mount of the API; a token in it is left out. */
  readonly path: string
  /** Authorization is its scheme alone. */
  readonly headers: IncomingHttpHeaders
  /** Of a JSON body. */
  readonly body: unknown
  /** The fields of an upload, in the order of the wire. */
  readonly form: readonly ReceivedField[] | undefined
  /** undefined as long as nothing was answered. */
  readonly status: number | undefined
  /** Why it was refused: such a call is a fault of the client, or one that the double has yet to learn from a real server. */
  readonly refusal: string | undefined
  /** What went wrong on demand. */
  readonly fault: CallFault['do'] | undefined
}

/** What every double can be asked and told. */
export interface DoubleControls {
  /** Every call, in the order of arrival. */
  readonly calls: readonly ReceivedCall[]
  /** Those that were refused: empty at the end of a test, unless a refusal is what it is about. */
  readonly refused: readonly ReceivedCall[]
  readonly misbehave: (misbehaviour: CallMisbehaviour) => void
  /** Forgets calls and misbehaviours; what was uploaded stays. */
  readonly reset: () => void
  readonly close: () => Promise<void>
}
