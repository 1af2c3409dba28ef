import { isMirrorError, type MirrorError } from '@mirror/core'

const FAILURES: ReadonlySet<string> = new Set([
  'ANSWER_REFUSED', 'ARTIFACT_MISSING', 'ARTIFACT_UNREACHABLE', 'BODY_TOO_LARGE', 'CERTIFICATE_REFUSED', 'CHANNEL_FORBIDDEN', 'CHANNEL_UNREACHABLE', 'DIGEST_MISMATCH',
  'FILE_REFUSED', 'HOST_FAILING', 'PROXY_REFUSED', 'REDIRECT_REFUSED', 'SIZE_MISMATCH', 'TRANSFER_BROKEN', 'TRANSFER_STALLED',
])

/** True for a fault of upstream or of the network that concerns the one file that was asked for; everything else (disk, lock, bugs) stops a run. */
export function isUpstreamFailure(error: unknown): error is MirrorError {
  return isMirrorError(error) && FAILURES.has(error.code)
}

/** True when other bytes came than are listed: a fetch past caches may mend that. */
export function isWrongBytes(error: unknown): boolean {
  return isMirrorError(error) && (error.code === 'DIGEST_MISMATCH' || error.code === 'SIZE_MISMATCH')
}
