import { dirname, join, resolve } from 'node:path'
import { MirrorError } from '@mirror/core'
import { spoolDelta } from '@mirror/difftar'
import type { CliErrorCode } from '../../error-codes.ts'
import type { Session } from '../session.ts'

/** A delta that a command line, or the configuration, names. */
export interface GivenDelta extends AsyncDisposable {
  readonly paths: readonly string[]
  /** For people. */
  readonly label: string
}

/** The deltas of the command line, or `delta_dir`. What is piped in is kept beside the mirror until it is disposed of. Throws `PIPE_BROKEN` where nothing can be piped in, and `USAGE` for a pipe beside files. */
export async function openGivenDelta({ config, env, flags, cwd, pipes, signal }: Session): Promise<GivenDelta> {
  const given = flags.words['delta'] === '-' ? ['-'] : flags.deltas
  if (!given.includes('-')) {
    const paths = given.length === 0 ? [config.delta.directory] : given.map((path) => (env.home !== undefined && path.startsWith('~/') ? join(env.home, path.slice(2)) : resolve(cwd, path)))
    return { paths, label: given.length === 0 ? config.delta.directory : given.join(', '), async [Symbol.asyncDispose]() {} }
  }
  if (given.length > 1) throw new MirrorError<CliErrorCode>('USAGE', 'Cannot read a delta from stdin and from files', { hint: 'Name `-` alone, or the files.' })
  if (pipes.stdin === undefined) throw new MirrorError<CliErrorCode>('PIPE_BROKEN', 'Cannot read a delta from stdin: nothing is piped in', { hint: 'Name the delta.' })
  const spool = await spoolDelta(pipes.stdin, { beside: dirname(config.mirrorDir), signal })
  return {
    paths: [spool.path], label: 'stdin',
    async [Symbol.asyncDispose]() {
      spool[Symbol.dispose]()
    },
  }
}
