import type { ConfigProblem } from '../problems.ts'

/** A repository server with the v4 API, as anaconda-client knows it. */
export interface Site {
  /** Its name in the configuration; undefined for one that is given by its URL, and for a configuration without sites. */
  readonly name: string | undefined
  /** Of the API: with its scheme, without a slash at the end, without secrets. */
  readonly url: string
  /** The URL as the configuration has it: files of tokens are named by it. */
  readonly writtenUrl: string
  /** False takes certificates that prove nothing. */
  readonly verify: boolean
  /** A file or folder with the certificates of the authorities to trust, as the configuration has it; undefined for those of the environment or the system. */
  readonly certificates: string | undefined
  /** Whose account is uploaded to where no channel is named. */
  readonly uploadUser: string | undefined
  /** Odd, but not in the way. */
  readonly warnings: readonly ConfigProblem[]
}
