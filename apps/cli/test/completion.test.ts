import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { COMPLETED, createCompletionFiles } from '../scripts/completion-files.ts'
import { SHELLS } from '../src/command-line/choices.ts'
import { COMMANDS } from '../src/command-line/flags.ts'
import { CAS_SYNC_FLAGS, FRONT_DOORS } from '../src/command-line/front-doors.ts'
import type { Program } from '../src/command-line/invocation.ts'
import { describePrograms } from '../src/completion/completed-program.ts'
import { renderBash } from '../src/completion/render-bash.ts'
import { renderFish } from '../src/completion/render-fish.ts'
import { renderZsh } from '../src/completion/render-zsh.ts'
import { test } from './support.ts'

const root = new URL('../../../', import.meta.url)
const isProgram = (name: string): name is Program => name === 'mirror' || Object.hasOwn(FRONT_DOORS, name)

test.for(Object.keys(COMPLETED))('%s/completions is what the code says (apps/cli/scripts/write-completions.mjs writes it)', (folder, { expect }) => {
  const wanted = createCompletionFiles(COMPLETED[folder] ?? [])
  const there = globSync('*/*', { cwd: fileURLToPath(new URL(`${folder}/completions/`, root)) })
  expect(there.toSorted()).toEqual([...wanted.keys()].toSorted())
  for (const [name, text] of wanted) expect(readFileSync(new URL(`${folder}/completions/${name}`, root), 'utf8')).toBe(text)
})

test.for(SHELLS)('mirror completion %s prints what completes every program, and reads no configuration', async (shell, { expect, folder, run }) => {
  writeFileSync(join(folder, '.cas-mirror'), 'channels: [')
  const all = Object.values(COMPLETED).flatMap((programs) => [...createCompletionFiles(programs)]).filter(([name]) => name.startsWith(`${shell}/`)).map(([, text]) => text)
  expect(all).toHaveLength(7)
  expect(await run(['completion', shell])).toEqual({ exitCode: 0, stdout: all.join('\n'), stderr: '' })
})

test('mirror completion refuses another shell, and none', async ({ expect, run }) => {
  expect(await run(['completion', 'tcsh'])).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('bash", "zsh", "fish"') as unknown })
  expect(await run(['completion'])).toMatchObject({ exitCode: 2, stdout: '' })
})

test('every program prints the version of its package', async ({ expect, run }) => {
  const { bin, version }: { bin: object; version: string } = JSON.parse(readFileSync(new URL('apps/cli/package.json', root), 'utf8'))
  for (const program of describePrograms().map(({ name }) => name).filter(isProgram)) expect(await run(['--version'], { program })).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: '' })
  expect(Object.keys(bin).filter((name) => !isProgram(name))).toEqual([])
})

test('every program that a package installs has a file for each shell', ({ expect }) => {
  for (const [folder, programs] of Object.entries(COMPLETED)) {
    const manifest: { bin: object; files: readonly string[] } = JSON.parse(readFileSync(new URL(`${folder}/package.json`, root), 'utf8'))
    expect(programs.map(({ name }) => name).toSorted()).toEqual(Object.keys(manifest.bin).toSorted())
    expect(manifest.files).toContain('completions')
    expect(createCompletionFiles(programs).size).toBe(programs.length * SHELLS.length)
  }
})

test('what the help calls a FILE, and what a word calls a folder, is completed as one', ({ expect }) => {
  const [mirror] = describePrograms()
  const valued = describePrograms().flatMap(({ commands }) => commands.flatMap(({ flags }) => flags.flatMap(({ spellings, value }) => (value === undefined ? [] : [{ spellings, value }]))))
  expect(valued.filter(({ value }) => value.name === 'FILE').length).toBeGreaterThan(20)
  for (const { spellings, value } of valued) {
    if (value.name === 'FILE') expect(value, spellings.join()).toMatchObject({ path: 'file' })
    if (spellings.includes('--mirror-dir')) expect(value).toMatchObject({ path: 'folder' })
    if (value.words !== undefined) expect(value.words.every((word) => /^[\w-]+$/.test(word))).toBe(true)
  }
  expect(mirror?.commands.find(({ path }) => path.join(' ') === 'merge')?.words.map(({ path }) => path)).toEqual(['file', 'folder'])
})

test('choices are those that the flags take, and the help names each', ({ expect }) => {
  const chosen = [...COMMANDS.flatMap(({ flags }) => flags), ...CAS_SYNC_FLAGS, ...Object.values(FRONT_DOORS).flatMap(({ flags }) => flags)].filter(({ choices }) => choices !== undefined)
  expect(new Set(chosen.map(({ name }) => name))).toEqual(new Set(['reuse', 'log-level', 'access-log', 'from']))
  for (const { describe, choices = [] } of chosen) for (const choice of choices) expect(describe).toContain(choice)
})

const VALUE = { name: 'x', commands: [{ path: [], describe: '', words: [], flags: [{ spellings: ['--it'], describe: 'It\'s [a] \\ $thing: "b"', value: { name: 'A:B' }, repeatable: false, alone: false }] }] }

test('what means something to a shell is quoted', ({ expect }) => {
  expect(renderZsh(VALUE)).toContain(String.raw`'--it=[It'\''s \[a\] \\ $thing: "b"]:A\:B: '`)
  expect(renderFish(VALUE)).toContain(String.raw`-l it -x -d 'It\'s [a] \\ $thing: "b"'`)
})

test('renderBash() refuses a flag whose value depends on the command: its script could not tell words from values', ({ expect }) => {
  const [command] = VALUE.commands
  const other = { path: ['y'], describe: '', words: [], flags: [{ spellings: ['--it'], describe: '', repeatable: false, alone: false }] }
  expect(() => renderBash({ name: 'x', commands: command === undefined ? [other] : [command, other] })).toThrow('what follows --it depends on the command')
})
