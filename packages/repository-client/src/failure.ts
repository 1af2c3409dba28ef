import { MirrorError } from '@mirror/core'
import type { RepositoryClientErrorCode } from './error-codes.ts'
import type { FailureReason } from './events.ts'

/** What a `TransientFailure` carries beside its reason. */
export interface TransientFailureOptions extends ErrorOptions {
  /** Milliseconds that the server asked to wait. */
  readonly retryAfter?: number | undefined
}

/** A failed attempt that another attempt may mend. Never leaves the package: when the tries are used up, a `MirrorError` names it as its cause. */
export class TransientFailure extends Error {
  override readonly name = 'TransientFailure'
  readonly reason: FailureReason
  readonly retryAfter: number | undefined

  constructor(reason: FailureReason, message: string, options: TransientFailureOptions = {}) {
    super(message, options)
    this.reason = reason
    this.retryAfter = options.retryAfter
  }
}

const REASONS: ReadonlyMap<string, FailureReason> = new Map([
  ['ENOTFOUND', 'dns'], ['EAI_AGAIN', 'dns'], ['EAI_FAIL', 'dns'], ['EAI_NODATA', 'dns'],
  ['ECONNREFUSED', 'refused'],
  ['EHOSTUNREACH', 'unreachable'], ['ENETUNREACH', 'unreachable'], ['EHOSTDOWN', 'unreachable'], ['ENETDOWN', 'unreachable'], ['EADDRNOTAVAIL', 'unreachable'],
  ['ECONNRESET', 'reset'], ['EPIPE', 'reset'], ['ECONNABORTED', 'reset'], ['UND_ERR_SOCKET', 'reset'], ['UND_ERR_CLOSED', 'reset'],
  ['ERR_STREAM_PREMATURE_CLOSE', 'truncated'], ['HPE_INVALID_EOF_STATE', 'truncated'], ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'truncated'],
  ['ETIMEDOUT', 'timeout'], ['UND_ERR_CONNECT_TIMEOUT', 'timeout'], ['UND_ERR_HEADERS_TIMEOUT', 'timeout'], ['UND_ERR_BODY_TIMEOUT', 'timeout'],
  ['EPROTO', 'network'], ['ERR_READING_RESPONSE_STREAM', 'truncated'],
])

const CERTIFICATE_CODES: ReadonlySet<string> = new Set([
  'CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID', 'CERT_REVOKED', 'CERT_REJECTED', 'CERT_UNTRUSTED', 'CERT_SIGNATURE_FAILURE', 'CERT_CHAIN_TOO_LONG',
  'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'INVALID_CA', 'INVALID_PURPOSE', 'HOSTNAME_MISMATCH', 'ERR_TLS_CERT_ALTNAME_INVALID', 'ERR_TLS_CERT_ALTNAME_FORMAT', 'PATH_LENGTH_EXCEEDED',
])

/**
 * Turns what a transport threw into one of ours: a `TransientFailure`, or a `MirrorError` that no retry can mend. `shown` gives the redacted URL. Anything unknown comes back as it is (a bug).
 * Foreign errors are not kept as causes, because they carry requests with their credentials; their code and a plain copy of their message are.
 */
export function translateFailure(error: unknown, shown: () => string): unknown {
  if (!(error instanceof Error)) return error
  const own = ownError(error)
  if (own !== undefined) return own
  const code = codeOf(error)
  return code === undefined ? error : (failureOfCode(code, shown) ?? error)
}

function failureOfCode(code: string, shown: () => string): Error | undefined {
  const cause = plainCause(code)
  if (CERTIFICATE_CODES.has(code)) return certificateRefused(shown(), code, cause)
  const reason = REASONS.get(code) ?? (/^(?:ERR_SSL|ERR_GOT)_|^UND_ERR_(?!HEADERS_OVERFLOW|INVALID)/.test(code) ? 'network' : undefined)
  if (reason !== undefined) return new TransientFailure(reason, `${describeReason(reason)} (${code})`, { cause })
  if (!/^(?:HPE_|ERR_HTTP_|UND_ERR_HEADERS_OVERFLOW)/.test(code)) return undefined
  return readError('ANSWER_REFUSED', `Cannot read ${shown()}: the answer is not valid HTTP (${code})`, {
    hint: 'The server, or a proxy before it, does not keep to HTTP; nothing of the answer was used. Look at the URL with another client.', cause,
  })
}

/** A `MirrorError` with a code of this package. */
export function readError(
  code: RepositoryClientErrorCode, message: string, options: { readonly hint?: string; readonly details?: Readonly<Record<string, unknown>>; readonly cause?: unknown } = {},
): MirrorError<RepositoryClientErrorCode> {
  return new MirrorError(code, message, options)
}

function certificateRefused(shown: string, code: string, cause: Error): MirrorError {
  return readError('CERTIFICATE_REFUSED', `Cannot read ${shown}: its certificate is not trusted (${code})`, {
    hint: 'Give the certificate authority of your organisation in the configuration, or correct the host name. Certificates are never ignored.',
    details: { reason: code },
    cause,
  })
}

/** The libraries wrap what our own connectors throw. */
function ownError(error: Error): Error | undefined {
  if (error instanceof TransientFailure || error instanceof MirrorError) return error
  return error.cause instanceof Error ? ownError(error.cause) : undefined
}

function codeOf(error: Error): string | undefined {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  if (code !== undefined && !code.startsWith('ERR_GOT_')) return code
  return (error.cause instanceof Error ? codeOf(error.cause) : undefined) ?? code
}

function plainCause(code: string): Error {
  const cause = new Error(`the network layer said ${code}`)
  Object.defineProperty(cause, 'code', { value: code, enumerable: true })
  return cause
}

const DESCRIPTIONS: Readonly<Record<FailureReason, string>> = {
  dns: 'the host name could not be resolved',
  refused: 'the connection was refused',
  unreachable: 'the host could not be reached',
  reset: 'the connection was reset',
  truncated: 'the body ended early',
  timeout: 'there was no answer in time',
  stalled: 'the transfer stalled',
  status: 'the server could not answer',
  'wrong-bytes': 'the bytes were wrong',
  network: 'the connection failed',
}

/** A few words for a reason. */
export function describeReason(reason: FailureReason): string {
  return DESCRIPTIONS[reason]
}
