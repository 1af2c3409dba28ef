import fc from 'fast-check'
import { test } from 'vitest'
import { COMMANDS } from '../../src/command-line/flags.ts'
import { CAS_SYNC_FLAGS } from '../../src/command-line/front-doors.ts'
import type { Invocation, Program } from '../../src/command-line/invocation.ts'
import { type CommandLineOptions, parseFrontDoor, parseMirror } from '../../src/command-line/parse-command-line.ts'
import { parsePlainLine } from '../../src/command-line/parse-plain-line.ts'

const parseCasSync = (argv: readonly string[], given: CommandLineOptions): ReturnType<typeof parseMirror> => parseFrontDoor('cas-sync', argv, given)

const parseAll = (program: Program, argv: readonly string[]): Promise<Invocation> => (program === 'mirror' ? parseMirror : parseCasSync)(argv, { version: '1.2.3', width: 80 })

const all = [...CAS_SYNC_FLAGS, ...COMMANDS.flatMap(({ flags }) => flags)]
const names = [...new Set(all.flatMap(({ name, alias = [] }) => [name, ...alias]))]
const spelled = names.map((name) => (name.length === 1 ? `-${name}` : `--${name}`))
const odd = [
  '--', '-', '-fx', '-vq', '-qfx', '-v=false', '--json=false', '--json=yes', '--no-json', '--no-adopt', '--no-file', '--adopt=false', '--file=', '--file=a=b', '-f=x', '--f', 'x',
  '-json', '--Json', '--max-delete=-1', '-1', '--maxDelete', '--max-delete.x', '--__proto__', '--constructor', '--_', '---v', '--help', '-h', '--version', 'help', '', 'a b',
]
const values = ['x', '007', '1e3', 'true', 'false', 'linux-64,noarch', '-5', '~/x', 'é', '"x"', "'x'", 'sync', 'null', '[object Object]']
const word = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...spelled) }, { weight: 3, arbitrary: fc.constantFrom(...values) }, fc.constantFrom(...odd),
  fc.tuple(fc.constantFrom(...spelled), fc.constantFrom(...values)).map(([flag, value]) => `${flag}=${value}`))
const line = fc.record({
  program: fc.constantFrom<Program>('mirror', 'cas-sync'),
  start: fc.constantFrom(...COMMANDS.map(({ name }) => name.split(' '))),
  rest: fc.array(word, { maxLength: 5 }),
}).map(({ program, start, rest }) => ({ program, argv: program === 'mirror' ? [...start, ...rest] : rest }))

test('parsePlainLine() reads what yargs reads, or leaves it to yargs', async ({ expect }) => {
  let plain = 0
  await fc.assert(fc.asyncProperty(line, async ({ program, argv }) => {
    const read = parsePlainLine(program, argv)
    if (read === undefined) return
    plain += 1
    expect(read).toEqual(await parseAll(program, argv))
  }), { numRuns: 1000 })
  expect(plain).toBeGreaterThan(50)
})

test.for(COMMANDS.filter(({ words }) => words === undefined).map(({ name, flags }) => [name, flags] as const))('parsePlainLine() reads every flag of mirror %s by each of its names', async ([name, flags], { expect }) => {
  for (const { name: flag, alias = [], type } of flags) {
    for (const given of [flag, ...alias]) {
      const argv = [...name.split(' '), given.length === 1 ? `-${given}` : `--${given}`, ...(type === 'boolean' ? [] : ['7'])]
      const read = parsePlainLine('mirror', argv)
      expect(read, argv.join(' ')).toBeDefined()
      expect(read).toEqual(await parseAll('mirror', argv))
    }
  }
})

test.for<readonly string[]>([
  ['sync', '-f', 'x.yaml', '-c', 'a', '-c', 'b', '-p', 'linux-64,noarch', '--no-adopt', '--grace', '0', '-v', '--max-delete', '007'], ['status'], ['verify', '--mirror-dir=/srv/m', '--json'],
  ['explain', 'x.conda', '-f', 'm.yaml'], ['explain', '-f', 'm.yaml', '007'], ['config', 'show'], ['config', '-f', 'm.yaml', 'import', 'a b', '--output=x=y'],
  ['delta', 'create', 'u.tar', '--since', 'a', '--since=@x', '-n'], ['delta', 'create'], ['delta', 'apply'], ['delta', 'apply', '-'], ['delta', 'create', '-', '--since', 'a'], ['delta', 'apply', 'a.tar', '--deep', 'b.tar', 'c d'], ['delta', 'inspect', 'x', '--list'], ['delta', 'inspect', '-'], ['delta', 'request'], ['diff', '@41', 'a'],
])('parsePlainLine() reads mirror %j', async (argv, { expect }) => {
  expect(parsePlainLine('mirror', argv)).toEqual(await parseAll('mirror', argv))
})

test.for<readonly string[]>([[], ['--help'], ['sync', '--help'], ['sync', 'help'], ['--version'], ['-v', 'sync'], ['snyc'], ['sync', 'x'], ['sync', ''], ['sync', '--', 'x'], ['sync', '--nonsense'], ['sync', '-f'], ['status', '-n'], ['explain'], ['explain', 'x', 'y'], ['config', 'shwo'], ['explain', '--json', 'true'],
  ['explain', '"x"'], ['explain', 'help'], ['delta'], ['delta', 'crate'], ['delta', 'create', 'a', 'b'], ['delta', 'new-key', '-'], ['diff'], ['diff', 'a', 'b', 'c'], ['sync', '--json', '--json'], ['sync', '-qv']])(
  'parsePlainLine() leaves mirror %j to yargs', (argv, { expect }) => {
    expect(parsePlainLine('mirror', argv)).toBeUndefined()
  })

test.for<readonly string[]>([['sync'], [''], ['--help'], ['--nonsense']])('parsePlainLine() leaves cas-sync %j to yargs', (argv, { expect }) => {
  expect(parsePlainLine('cas-sync', argv)).toBeUndefined()
})
