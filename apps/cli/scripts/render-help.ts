// The help of every command as it is bundled: what yargs prints, for the usual widths.
import { COMMANDS, FAMILIES } from '../src/command-line/flags.ts'
import { FRONT_DOORS } from '../src/command-line/front-doors.ts'
import { parseFrontDoor, parseMirror } from '../src/command-line/parse-command-line.ts'
import { nameHelp, RENDERED_WIDTHS } from '../src/command-line/read-help.ts'

/** A command line that prints help, without `--help`. */
const HELPFUL: readonly (readonly string[])[] = [['mirror'], ...Object.keys(FRONT_DOORS).map((name) => [name]), ...Object.keys(FAMILIES).map((name) => ['mirror', name]), ...COMMANDS.map(({ name }) => ['mirror', ...name.split(' ')])]

/** What yargs prints for `<words> --help`. */
export async function renderHelp([program = '', ...words]: readonly string[], width: number): Promise<string> {
  const options = { version: '', width }
  const argv = [...words, '--help']
  const invocation = await (isFrontDoor(program) ? parseFrontDoor(program, argv, options) : parseMirror(argv, options))
  if (invocation.type !== 'print') throw new Error(`Cannot render the help of ${[program, ...words].join(' ')}: it is none`)
  return `${invocation.text.trimEnd()}\n`
}

function isFrontDoor(program: string): program is keyof typeof FRONT_DOORS {
  return Object.hasOwn(FRONT_DOORS, program)
}

/** Every help, by the name of its file. */
export async function renderAllHelp(): Promise<ReadonlyMap<string, string>> {
  const entries = HELPFUL.flatMap((words) => RENDERED_WIDTHS.map(async (width) => [nameHelp(words, width), await renderHelp(words, width)] as const))
  return new Map(await Promise.all(entries))
}
