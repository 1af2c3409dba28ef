import { MirrorError } from '@mirror/core'
import type { CliErrorCode } from '../error-codes.ts'

/** Something in a configuration that is wrong, or odd. */
export interface ConfigProblem {
  readonly code: CliErrorCode
  /** `<file>:<line>`, or the flag. Undefined where there is neither. */
  readonly where: string | undefined
  readonly key: string | undefined
  /** What is, as a sentence without its end. Holds no secret. */
  readonly message: string
  readonly hint?: string
}

/** A problem as one line: `mirror.yaml:3: …`. */
export function formatProblem(problem: ConfigProblem): string {
  return problem.where === undefined ? problem.message : `${problem.where}: ${problem.message}`
}

/** One error for all problems. Its code is theirs when they agree, else `CONFIG_INVALID`. */
export function createConfigError(problems: readonly ConfigProblem[]): MirrorError<CliErrorCode> {
  const [first] = problems
  const code = first !== undefined && problems.every((problem) => problem.code === first.code) ? first.code : 'CONFIG_INVALID'
  const lines = problems.map(formatProblem)
  const message = lines.length === 1 ? ` ${lines.join('')}` : lines.map((line) => `\n  ${line}`).join('')
  const hint = problems.find((problem) => problem.hint !== undefined)?.hint
  return new MirrorError(code, `Cannot use the configuration:${message}`, {
    ...(hint === undefined ? {} : { hint }),
    details: { problems: problems.map(({ hint: _hint, ...problem }) => problem) },
  })
}
