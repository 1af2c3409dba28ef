import { SHELLS } from '../command-line/choices.ts'
import type { Flags } from '../command-line/flags.ts'
import { describeDifftar, describePrograms } from '../completion/completed-program.ts'
import { renderCompletion } from '../completion/render-completion.ts'
import type { ExitCode } from '../errors/exit-codes.ts'
import type { Output } from '../output.ts'

/** Prints what makes a shell complete our commands, those of the offline tool included: it is the same whether they are installed or not. */
export function runCompletion({ flags: { words }, stdout }: { readonly flags: Pick<Flags, 'words'>; readonly stdout: Output }): ExitCode {
  const shell = SHELLS.find((name) => name === words['shell']) ?? 'bash'
  stdout.write([...describePrograms(), describeDifftar()].map((program) => renderCompletion(program, shell)).join('\n'))
  return 0
}
