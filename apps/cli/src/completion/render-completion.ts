import type { Shell } from '../command-line/choices.ts'
import type { CompletedProgram } from './completed-program.ts'
import { renderBash } from './render-bash.ts'
import { renderFish } from './render-fish.ts'
import { renderZsh } from './render-zsh.ts'

const RENDERERS: Readonly<Record<Shell, (program: CompletedProgram) => string>> = { bash: renderBash, zsh: renderZsh, fish: renderFish }

const NAMES: Readonly<Record<Shell, (program: string) => string>> = { bash: (program) => program, zsh: (program) => `_${program}`, fish: (program) => `${program}.fish` }

/** What makes a shell complete the command lines of a program. */
export function renderCompletion(program: CompletedProgram, shell: Shell): string {
  return RENDERERS[shell](program)
}

/** The name under which the shell looks for it, in the folder that it has for such files. */
export function nameCompletion(program: string, shell: Shell): string {
  return NAMES[shell](program)
}
