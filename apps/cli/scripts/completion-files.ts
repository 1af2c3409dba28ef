// What is in completions/ of the packages that have commands: for each shell and program the file that the shell looks for.
import { SHELLS } from '../src/command-line/choices.ts'
import { type CompletedProgram, describeDifftar, describePrograms } from '../src/completion/completed-program.ts'
import { nameCompletion, renderCompletion } from '../src/completion/render-completion.ts'

/** The packages with programs, by their folders. */
export const COMPLETED: Readonly<Record<string, readonly CompletedProgram[]>> = { 'apps/cli': describePrograms(), 'packages/difftar': [describeDifftar()] }

/** The files of a package by their paths below `completions/`. */
export function createCompletionFiles(programs: readonly CompletedProgram[]): ReadonlyMap<string, string> {
  return new Map(programs.flatMap((program) => SHELLS.map((shell) => [`${shell}/${nameCompletion(program.name, shell)}`, renderCompletion(program, shell)] as const)))
}
