/** The body of a request. */
export interface RequestBody {
  /** `Content-Type`. */
  readonly type: string
  /** Bytes. */
  readonly length: number
  /** The bytes from the start; called once a request. */
  readonly chunks: () => AsyncIterable<Uint8Array>
}

/** One request, as it goes out: no redirect, no retry, no credentials beyond the headers. */
export interface TransportRequest {
  /** Only the transport for metadata knows others than GET, and bodies. */
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: RequestBody
  /** True for hosts that upstream chose: names that resolve to addresses it may not send us to are refused. */
  readonly guarded: boolean
  readonly signal: AbortSignal | undefined
}

/** The bytes of an answer, undecoded, once. Must be read to its end, collected, drained or stopped. */
export interface ResponseBody extends AsyncIterable<Uint8Array> {
  /** All of it. Rejects with `BodyTooLarge` as soon as there are more than `maximum` bytes. */
  readonly collect: (maximum: number) => Promise<Buffer>
  /** Throws a short rest away, so that the connection can be used again; closes the connection for a long one. */
  readonly drain: () => void
  /** Closes the connection. */
  readonly stop: () => void
}

/** An answer, as soon as its head is there. */
export interface TransportResponse {
  readonly status: number
  /** A header's value, several joined by `, `. The name in lower case. */
  readonly header: (name: string) => string | undefined
  readonly body: ResponseBody
}

/**
 * Sends requests and enforces the limits on time. Two implementations: got for a few metadata files, undici for artifacts by the thousand
 * (`docs/decisions/0002-undici-for-artifacts.md`); everything above them is the same. What they throw goes through `translateFailure`.
 */
export interface Transport {
  readonly send: (request: TransportRequest) => Promise<TransportResponse>
  readonly close: () => Promise<void>
}

/** More bytes than the reader wanted. Caught inside of the package, where the limit has a name. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge'
}

/** `drain` reads on for at most so many bytes. */
export const DRAIN_LIMIT = 65_536

/** Reads header values whose names are in lower case. */
export function headerReader(headers: Readonly<Record<string, string | readonly string[] | undefined>>): (name: string) => string | undefined {
  return (name) => {
    const value = headers[name]
    return typeof value === 'object' ? value.join(', ') : value
  }
}
