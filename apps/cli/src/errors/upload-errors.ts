import type { ErrorRow } from './error-row.ts'

type UploadErrorCode = 'ARTIFACT_UNREADABLE' | 'SPOOL_NO_SPACE' | 'TARGET_FORBIDDEN' | 'TARGET_NOT_FOUND' | 'TARGET_REFUSED' | 'TARGET_UNREACHABLE' | 'UPLOAD_LOST'

/** What the codes of uploading mean. */
export const UPLOAD_ERRORS: Readonly<Record<UploadErrorCode, ErrorRow>> = {
  ARTIFACT_UNREADABLE: {
    exit: 3,
    meaning: 'What an artifact says of itself cannot be read, and the server wants to know it.',
    cause: 'A damaged or very old artifact. Its bytes are those that upstream lists.',
    advice: 'Report it to the channel, or leave the artifact out by the configuration.',
  },
  SPOOL_NO_SPACE: {
    exit: 1,
    meaning: 'The disk is full on which artifacts wait until they are uploaded.',
    cause: 'Large artifacts, several at once: they wait in `mirror_dir` where that can be written, else in the temporary folder of the system.',
    advice: 'Make room, point `TMPDIR` elsewhere, or set `dest_concurrency: 1`; then run again: what was uploaded stays.',
  },
  TARGET_FORBIDDEN: {
    exit: 1,
    meaning: 'The server that is uploaded to does not take us, or does not let us do that.',
    cause: 'A token that is wrong, expired or revoked; or one that may read only.',
    advice: 'Log in again as the hint says, and run again: what was uploaded stays.',
  },
  TARGET_NOT_FOUND: {
    exit: 1,
    meaning: 'The server that is uploaded to does not have the channel or account.',
    cause: 'A typing error, or nobody created it yet.',
    advice: 'Create it there, or correct `dest_channel` or `dest_url`.',
  },
  TARGET_REFUSED: {
    exit: 1,
    meaning: 'The server that is uploaded to says no, or answers something that its API does not know.',
    cause: 'A rule of the server, another kind of server than was named, or a proxy before it.',
    advice: 'The message has the words of the server.',
  },
  TARGET_UNREACHABLE: {
    exit: 1,
    meaning: 'The server that is uploaded to gave no answer, or only failures, in all tries.',
    cause: 'It is down, overloaded, or cannot be reached from here.',
    advice: 'Run again later: what was uploaded stays, and what is half done is completed.',
  },
  UPLOAD_LOST: {
    exit: 3,
    meaning: 'The server took an artifact, and says afterwards that it does not have it.',
    cause: 'Somebody removed it at the same time, or the server lost it.',
    advice: 'Run again; look at the log of the server if it stays so.',
  },
}
