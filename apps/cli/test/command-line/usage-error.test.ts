import fc from 'fast-check'
import { test } from 'vitest'
import { COMMANDS } from '../../src/command-line/flags.ts'
import { CAS_SYNC_FLAGS } from '../../src/command-line/front-doors.ts'
import type { Program } from '../../src/command-line/invocation.ts'
import { type CommandLineOptions, parseFrontDoor, parseMirror } from '../../src/command-line/parse-command-line.ts'
import { findPlainMistake } from '../../src/command-line/usage-error.ts'

const parseCasSync = (argv: readonly string[], given: CommandLineOptions): ReturnType<typeof parseMirror> => parseFrontDoor('cas-sync', argv, given)

const options = { version: '1.2.3', width: 80 }

/** What yargs makes of a line. */
const judge = async (program: Program, argv: readonly string[]): Promise<unknown> =>
  (program === 'mirror' ? parseMirror : parseCasSync)(argv, options).then(() => 'no error', (error: unknown) => error)

const flags = [...CAS_SYNC_FLAGS, ...COMMANDS.flatMap((command) => command.flags)]
const known = flags.flatMap(({ name, alias = [] }) => [name, ...alias]).map((name) => (name.length === 1 ? `-${name}` : `--${name}`))
const odd = [
  '--help', '--version', '-h', '--', '-', '', '--x', '--dryrun', '--jsn', '--no-json', '--no-such', '--nosuch', '--constructor', '--prototype', '--get-yargs-completions', '--config=x', '--_', '---',
  '--config-file', '--show-hidden', '--true', 'snyc', 'help', 'completion', 'constructor', 'true', 'x', 'm.yaml', 'Sync', '$0',
]
const names = fc.stringMatching(/^[a-z]{1,6}(-[a-z]{1,4})?$/)
const word = fc.oneof(fc.constantFrom(...known), fc.constantFrom(...odd), names, names.map((name) => `--${name}`))
const line = fc.record({
  program: fc.constantFrom<Program>('mirror', 'cas-sync'),
  start: fc.oneof(fc.constantFrom(...COMMANDS.map(({ name }) => name.split(' '))), fc.constantFrom(['delta'], ['delta', 'x'], ['delta', 'crate']), word.map((text) => [text])),
  rest: fc.array(word, { maxLength: 3 }),
}).map(({ program, start, rest }) => ({ program, argv: [...start, ...rest] }))

test('findPlainMistake() says what is said after yargs has read the line, or leaves it to yargs', async ({ expect }) => {
  let found = 0
  await fc.assert(fc.asyncProperty(line, async ({ program, argv }) => {
    const mistake = findPlainMistake({ program, argv })
    if (mistake === undefined) return
    found += 1
    expect(await judge(program, argv), argv.join(' ')).toEqual(mistake)
  }), { numRuns: 1500 })
  expect(found).toBeGreaterThan(25)
})

test.for<readonly [Program, readonly string[]]>([
  ['mirror', []], ['mirror', ['snyc']], ['mirror', ['sync', '--jsn']], ['mirror', ['sync', '-f', 'm.yaml', '--dryrun']],
  ['mirror', ['status', '--dry-run']], ['mirror', ['explain', 'x', '--jsn']], ['cas-sync', ['--jsn']], ['cas-sync', ['-f', 'm.yaml', '--show-config-file']],
])('findPlainMistake() finds that of %s %j', async ([program, argv], { expect }) => {
  const mistake = findPlainMistake({ program, argv })
  expect(mistake).toBeDefined()
  expect(await judge(program, argv)).toEqual(mistake)
})

test.for<readonly [Program, readonly string[]]>([
  ['mirror', ['sync']], ['mirror', ['help']], ['mirror', ['explain']], ['mirror', ['sync', '--constructor']], ['mirror', ['--help']], ['mirror', ['sync', '--help']], ['mirror', ['sync', '--version']], ['mirror', ['sync', '--json']], ['mirror', ['snyc', '--json']],
  ['mirror', ['sync', '--jsn', 'x']], ['mirror', ['explain', '--jsn']], ['mirror', ['sync', '--nonsense', '--jsn']], ['cas-sync', []], ['cas-sync', ['sync']],
])('findPlainMistake() leaves %s %j to yargs', ([program, argv], { expect }) => {
  expect(findPlainMistake({ program, argv })).toBeUndefined()
})
