import { test } from 'vitest'
import { type CommandLineOptions, parseFrontDoor, parseMirror } from '../../src/command-line/parse-command-line.ts'

const parseCasSync = (argv: readonly string[], given: CommandLineOptions): ReturnType<typeof parseMirror> => parseFrontDoor('cas-sync', argv, given)

const options = { version: '1.2.3', width: 100 }

test('parseMirror() reads commands and flags', async ({ expect }) => {
  const invocation = await parseMirror(['sync', '-c', 'a', '--channel', 'b', '-p', 'linux-64,noarch', '--no-adopt', '--grace', '0', '-v', '--max-delete', '007'], options)
  expect(invocation).toMatchObject({
    type: 'command', command: 'sync',
    flags: { channels: ['a', 'b'], platforms: ['linux-64', 'noarch'], adopt: false, grace: '0', verbose: true, json: false, maxDelete: '007' },
  })
})

test.for([
  ['-f', 'x.yaml'], ['--file', 'x.yaml'], ['--file=x.yaml'], ['-f', 'y.yaml', '-v', '-v', '-f', 'x.yaml'],
] as const)('parseCasSync() reads a file given as %s', async (argv, { expect }) => {
  expect(await parseCasSync(argv, options)).toMatchObject({ command: 'sync', flags: { file: 'x.yaml' } })
})

test.for([['--config'], ['--show-config'], ['--show'], ['--config', '--show-secrets', '-f', 'x', '-l', 'DEBUG']])('parseCasSync() shows the configuration for %s', async (argv, { expect }) => {
  expect(await parseCasSync(argv, options)).toMatchObject({ command: 'config' })
})

test('parseMirror() and parseCasSync() print the version', async ({ expect }) => {
  expect(await parseMirror(['--version'], options)).toEqual({ type: 'print', text: '1.2.3' })
  expect(await parseCasSync(['--version'], options)).toEqual({ type: 'print', text: '1.2.3' })
})

test('parseMirror() names every command in its help, and every flag in that of a command', async ({ expect }) => {
  const help = await parseMirror(['-h'], options)
  for (const command of ['sync', 'plan', 'verify', 'status', 'config']) expect(help).toMatchObject({ text: expect.stringContaining(`mirror ${command} `) as unknown })
  const own = await parseMirror(['sync', '--help'], options)
  for (const text of ['--dry-run', '--allow-shrink', 'Examples:', 'Exit codes:', '/etc/cas-mirror']) expect(own).toMatchObject({ text: expect.stringContaining(text) as unknown })
})

test.for([
  [['snyc'], 'there is no "snyc"', 'Did you mean `mirror sync`? `mirror --help` shows all.'],
  [['sync', '--dryrun'], 'there is no "dryrun"', 'Did you mean `--dry-run`? `mirror sync --help` shows all.'],
  [['sync', 'extra-thing'], 'there is no "extra-thing"', 'Run `mirror sync --help`.'],
  [['plan', '--grace'], '--grace needs a value', 'Run `mirror plan --help`.'],
  [['status', '--dry-run'], 'there is no "dry-run"', 'Run `mirror status --help`.'],
  [['snapshot', 'crate', 'x'], 'action is one of "create", "list", "delete", not "crate"', 'Run `mirror snapshot --help`.'],
  [['delta'], 'there is no command', 'Run `mirror delta --help`.'],
  [['delta', 'crate'], 'there is no "crate"', 'Did you mean `mirror delta create`? `mirror delta --help` shows all.'],
  [['delta', 'create', '--sins', 'x'], 'there is no "sins"', 'Did you mean `--since`? `mirror delta create --help` shows all.'],
  [['dleta'], 'there is no "dleta"', 'Did you mean `mirror delta`? `mirror --help` shows all.'],
  [[], 'there is no command', 'Run `mirror --help`.'],
] as const)('parseMirror() refuses %j with a hint', async ([argv, what, hint], { expect }) => {
  await expect(parseMirror(argv, options)).rejects.toMatchObject({ code: 'USAGE', message: `Cannot read the command line: ${what}`, hint })
})

test('parseMirror() reads several deltas, and - among them', async ({ expect }) => {
  expect(await parseMirror(['delta', 'apply', '-'], options)).toMatchObject({ command: 'delta apply', flags: { deltas: ['-'], words: {} } })
  expect(await parseMirror(['delta', 'apply', 'a', '--deep', 'b'], options)).toMatchObject({ flags: { deltas: ['a', 'b'], deep: true } })
  expect(await parseMirror(['delta', 'create', '-'], options)).toMatchObject({ command: 'delta create', flags: { words: { delta: '-' } } })
  expect(await parseMirror(['delta', '--help'], options)).toMatchObject({ type: 'print', text: expect.stringContaining('mirror delta create') as unknown })
})

test('parseCasSync() takes no command', async ({ expect }) => {
  await expect(parseCasSync(['sync'], options)).rejects.toMatchObject({ code: 'USAGE' })
})
