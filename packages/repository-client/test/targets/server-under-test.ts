import type { Gate } from '@mirror/test-fixtures'
import type { TargetCredential, TargetKind } from '../../src/index.ts'

/** How a call goes wrong; what the doubles of all servers can do. */
export type ServerFault =
  | { readonly do: 'status'; readonly status: number; readonly error?: string; readonly headers?: Readonly<Record<string, string>> }
  /** Does nothing and resets. */
  | { readonly do: 'reset' }
  /** Does what was asked and resets. */
  | { readonly do: 'lose-answer' }
  /** Answers when the gate is open; reads no body before. */
  | { readonly do: 'wait'; readonly gate: Gate }
  /** The test acts, then the call is answered. */
  | { readonly do: 'call'; readonly callback: () => void | Promise<void> }

/** When and how: after `skip` honest calls of the kind (default 0), `times` of them (default all). */
export interface ServerMisbehaviour {
  readonly kind: string
  readonly skip?: number
  readonly times?: number
  readonly fault: ServerFault
}

/** One file as somebody who reads the channel has it. */
export interface SeenFile {
  /** `<subdir>/<file>`. */
  readonly path: string
  readonly sha256: string
}

/** A double of a server, with one channel that is ours. */
export interface ServerUnderTest extends AsyncDisposable {
  readonly url: string
  readonly channel: string
  readonly credential: TargetCredential
  /** Another one of the same user, which `revoke` does not touch. */
  readonly spare: TargetCredential
  /** The texts that may be shown nowhere; first the one that `credential` is told by. */
  readonly secrets: readonly string[]
  /** Kinds of the calls so far, as `misbehave` names them, in their order; undefined for a call that the API does not know. */
  readonly calls: () => readonly (string | undefined)[]
  /** What the double was asked that no client may ask; empty at the end of a test. */
  readonly refused: () => readonly unknown[]
  readonly files: () => readonly SeenFile[]
  readonly misbehave: (misbehaviour: ServerMisbehaviour) => void
  /** `credential` is good no more. */
  readonly revoke: () => void
  /** Forgets calls and misbehaviours; what was uploaded stays. */
  readonly reset: () => void
}

/** What a suite needs to know of one kind of server. */
export interface TargetSetUp {
  readonly kind: TargetKind
  readonly start: (options?: { readonly tls?: { readonly key: string; readonly cert: string } }) => Promise<ServerUnderTest>
  /** The kind of call that carries the bytes of an artifact. */
  readonly bytesCall: string
  /** What comes of a file without a byte: an outcome, or the code of an error. */
  readonly emptyFile: string
  /** False: the server answers whom it does not know, or does not look at credentials of that call; of these kinds. Default: all calls need it. */
  readonly openCalls?: readonly string[]
  /** Calls that go to somebody else than the API, who is sent no credential and may refuse without a word about it. */
  readonly foreignCalls?: readonly string[]
  /** Calls that read the channel as any client does: they go wherever the server leads, and elsewhere without a credential. */
  readonly readingCalls?: readonly string[]
  /** The server lets whoever comes last have a name: what it says of the name before is all that keeps others' bytes. */
  readonly overwrites?: boolean
}
