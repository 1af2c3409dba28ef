/** Every code that `@mirror/repository-client` throws; codes of `@mirror/core` (`INDEX_MALFORMED`, `INDEX_IMPLAUSIBLE` ...) pass through. */
export type RepositoryClientErrorCode =
  /** No answer, or only transient failures, in all tries. */
  | 'CHANNEL_UNREACHABLE'
  /** 401 or 403. */
  | 'CHANNEL_FORBIDDEN'
  /** A certificate that does not prove the host; never ignored. */
  | 'CERTIFICATE_REFUSED'
  /** The proxy refused (407 and others). */
  | 'PROXY_REFUSED'
  /** An answer that is not what was asked for: other 4xx, 204, 206 or 304 unasked, bad HTTP. */
  | 'ANSWER_REFUSED'
  /** The index came whole but is not one: broken compression, a page, an error object. */
  | 'INDEX_UNREADABLE'
  /** 404 or 410 for an artifact that the index lists. */
  | 'ARTIFACT_MISSING'
  /** No answer, or only transient failures, in all tries. */
  | 'ARTIFACT_UNREACHABLE'
  /** Broken in the middle, and upstream cannot continue it: start again at 0. */
  | 'TRANSFER_BROKEN'
  /** Too slow or silent for too long, in all tries. */
  | 'TRANSFER_STALLED'
  | 'REDIRECT_REFUSED'
  /** So many failures in a row that the host is left alone for a while. */
  | 'HOST_FAILING'
  | 'BODY_TOO_LARGE'
  | 'DIGEST_MISMATCH'
  | 'SIZE_MISMATCH'
  /** A file of a channel on disk that is not a plain, readable file inside of the channel. */
  | 'FILE_REFUSED'
  | 'NETRC_INVALID'
  /** An artifact that is not one: broken archive, no index.json, or one that is none. */
  | 'ARTIFACT_UNREADABLE'
  /** A target answers 401 or 403. */
  | 'TARGET_FORBIDDEN'
  /** A target gave no answer, or only transient failures, in all tries. */
  | 'TARGET_UNREACHABLE'
  /** A target's answer is not one that its API gives to such a call, or is a no. */
  | 'TARGET_REFUSED'
  /** A target has no such channel, owner or API. */
  | 'TARGET_NOT_FOUND'
