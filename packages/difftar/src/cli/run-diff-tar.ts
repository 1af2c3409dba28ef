import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { isMirrorError } from '@mirror/core'
import { writeKeyPair } from '../minisign/write-key-pair.ts'
import type { TreeWarning } from '../tree/read-tree.ts'
import { applyMode } from './apply-mode.ts'
import { createMode, referenceMode, showMode } from './create-mode.ts'
import { HELP, USAGE } from './help.ts'
import { type Arguments, type Mode, parseArguments, UsageError } from './parse-arguments.ts'
import type { Program } from './program.ts'
import { verifyMode } from './verify-mode.ts'

/** What a mode needs. */
export interface ModeRun {
  readonly program: Program
  readonly flags: Arguments['flags']
  /** The folder of the mirror, absolute. */
  readonly repository: string
  /** A path of the command line, absolute. */
  readonly pathOf: (path: string) => string
  readonly warn: (warning: TreeWarning) => void
}

/** Carries out a command line of `conda-diff-tar`; answers its exit status. */
export async function runDiffTar(words: readonly string[], program: Program): Promise<number> {
  try {
    return await dispatch(parseArguments(words), program)
  } catch (error) {
    if (error instanceof UsageError) {
      program.stderr(`${USAGE}conda-diff-tar: error: ${error.message}\n`)
      return 2
    }
    if (program.signal.aborted) {
      program.stderr('Interrupted.\n')
      return INTERRUPTED
    }
    return tellError(error, program)
  }
}

const INTERRUPTED = 130

/** What is expected to go wrong gets a sentence, anything else is a bug and keeps its stack. */
function tellError(error: unknown, program: Program): number {
  const isOfSystem = error instanceof Error && 'syscall' in error
  if (!isMirrorError(error) && !isOfSystem) throw error
  const hint = isMirrorError(error) && error.hint !== undefined ? `${error.hint}\n` : ''
  program.stderr(`${error.message.startsWith('Error: ') ? '' : 'Error: '}${error.message}\n${hint}`)
  return 1
}

async function dispatch({ flags, repository, modes }: Arguments, program: Program): Promise<number> {
  if (flags.help === true) return say(program, HELP)
  if (flags.version === true) return say(program, `conda-diff-tar: ${program.version}\n`)
  if (flags['new-key'] !== undefined) return createKeys(flags['new-key'], program)
  if (repository === undefined) throw new UsageError('exactly one REPOSITORY is required, try -h')
  const root = resolve(program.directory, repository)
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true) {
    program.stderr(`No such directory: ${quote(root)}\n`)
    return 1
  }
  const mode = chooseMode(modes, program)
  if (mode === undefined) return say(program, 'Nothing done.\n')
  return start(mode, { program, flags, repository: root, pathOf: (path) => resolve(program.directory, path), warn: ({ path, message }) => program.stderr(`Warning: ${path}: ${message}\n`) })
}

/** The first of several, as the old tool did; but nobody applies by mistake. */
function chooseMode([mode, ...others]: readonly Mode[], program: Program): Mode | undefined {
  if (mode === 'apply' && others.length > 0) throw new UsageError(`--${others[0] ?? ''} not allowed with --apply`)
  if (others.length > 0) program.stderr(`Warning: --${mode ?? ''} is done, and not ${others.map((other) => `--${other}`).join(', ')}\n`)
  return mode
}

function start(mode: Mode, run: ModeRun): Promise<number> {
  switch (mode) {
    case 'apply': return applyMode(run)
    case 'create': return createMode(run)
    case 'verify': return verifyMode(run)
    case 'show': return showMode(run)
    case 'reference': return referenceMode(run)
    case 'new-key': return createKeys(run.flags['new-key'] ?? '', run.program)
  }
}

async function say(program: Program, text: string): Promise<number> {
  await program.stdout(text)
  return 0
}

/** As Python shows a string. */
function quote(text: string): string {
  return text.includes("'") ? JSON.stringify(text) : `'${text}'`
}

async function createKeys(name: string, program: Program): Promise<number> {
  const { publicKey } = writeKeyPair(resolve(program.directory, name))
  return say(program, `Wrote: ${name}.key (keep it secret)\nWrote: ${name}.pub\nKey: ${publicKey}\n`)
}
