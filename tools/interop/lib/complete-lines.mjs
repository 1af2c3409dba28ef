/**
 * Arguments: JSON of `root`, `folder` (empty) and `tools`. The files of completions/ are put where the shells look for them, as a package would; then every command, every flag, and what
 * follows each of them is asked for, in every shell, and compared with the tables of the code. Then once more for those who read `mirror completion` in their start-up file.
 */
import assert from 'node:assert/strict'
import { chmod, cp, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DIFFTAR_FLAGS } from '@mirror/difftar'
import { endParts, part } from './run-parts.mjs'
import { startBash, startFish, startZsh } from './shells.mjs'

const { root, folder, tools } = JSON.parse(process.argv[2])
const load = (name) => import(new URL(`../../../apps/cli/src/command-line/${name}`, import.meta.url).href)
const [{ COMMANDS, FAMILIES }, { FRONT_DOORS }] = await Promise.all(['flags.ts', 'front-doors.ts'].map(load))
const PLACES = { bash: 'share/bash-completion/completions', zsh: 'share/zsh/site-functions', fish: 'share/fish/vendor_completions.d' }
const STARTERS = { bash: startBash, zsh: startZsh, fish: startFish }
const HELP = [{ spellings: ['-h', '--help'], describe: 'Show this help' }, { spellings: ['--version'], describe: 'Show the version' }]
/** What lies in the folder where the lines are typed. */
const FILES = { file: ['channel', 'mirror.yaml', String.raw`my\ file`], folder: ['channel'] }

/** A program of the command line as what is to be offered for it: each command with its flags, and what may stand at its places. */
const describeFlag = ({ name, alias = [], type, describe, standard, value, choices, suggestions, path }) => {
  const spell = (one) => (one.length === 1 ? `-${one}` : `--${one}`)
  const takes = type === 'boolean' ? undefined : (choices ?? suggestions ?? FILES[path ?? (value === 'FILE' ? 'file' : '')] ?? [])
  return { spellings: [name, ...alias, ...(standard === true ? [`no-${name}`] : [])].map(spell), describe, takes }
}
const describeWord = ({ choices, path }) => choices ?? FILES[path] ?? []
const describeCommand = (line, { flags, words = [] }) => ({ line, flags: [...flags.map(describeFlag), ...HELP], places: words.map(describeWord), isOpen: words.at(-1)?.repeatable === true })
const firstWords = [...new Set(COMMANDS.map(({ name }) => name.split(' ')[0]))]
const partsOf = (family) => COMMANDS.filter(({ name }) => name.startsWith(`${family} `)).map(({ name }) => name.slice(family.length + 1))

const PROGRAMS = {
  mirror: [
    { line: 'mirror', flags: HELP, places: [firstWords] },
    ...Object.keys(FAMILIES).map((family) => ({ line: `mirror ${family}`, flags: HELP, places: [partsOf(family)] })),
    ...COMMANDS.map((command) => describeCommand(`mirror ${command.name}`, command)),
  ],
  ...Object.fromEntries(Object.entries(FRONT_DOORS).map(([name, door]) => [name, [describeCommand(name, door)]])),
  'conda-diff-tar': [{
    line: 'conda-diff-tar',
    flags: Object.entries(DIFFTAR_FLAGS).map(([name, { short, type, isPath, describe }]) => ({ spellings: [`--${name}`, ...(short === undefined ? [] : [`-${short}`])], describe, takes: type === 'boolean' ? undefined : isPath === true ? FILES.file : [] })),
    places: [FILES.folder],
  }],
}

const sorted = (texts) => [...new Set(texts)].toSorted((left, right) => (left < right ? -1 : 1))

/** Asks for the end of a line; fails where something else is offered. */
const expectOffers = async (shell, line, expected) => {
  const offered = await shell.complete(line)
  assert.deepEqual(sorted(offered.map(({ text }) => plain(text))), sorted(expected), `${JSON.stringify(line)} is completed otherwise`)
  shell.asked += 1
  return offered
}

/** Each shell has its own way to write a folder, and a blank. */
const plain = (text) => text.replace(/\/$/, '').replace(/^--[\w-]+=/, '').replace(/(?<!\\) /g, String.raw`\ `)

const longOf = ({ flags }) => flags.flatMap(({ spellings }) => spellings.filter((spelling) => spelling.startsWith('--')))

/** All flags of a command, with what they are for where the shell shows that; then those that begin alike. */
const checkFlags = async (shell, command) => {
  const offered = await expectOffers(shell, `${command.line} --`, longOf(command))
  if (shell.describes) {
    for (const { text, describe } of offered) {
      const flag = command.flags.find(({ spellings }) => spellings.includes(text))
      assert.equal(describe, flag.describe, `${command.line} ${text}`)
    }
  }
  for (const beginning of new Set(longOf(command).map((flag) => flag.slice(0, 4)))) await expectOffers(shell, `${command.line} ${beginning}`, longOf(command).filter((flag) => flag.startsWith(beginning)))
}

/** What follows a flag, in each of its spellings; once for all commands of a program that have the same. */
const checkValues = async (shell, { line, flags }, seen) => {
  const other = flags.find(({ takes, spellings }) => takes === undefined && !spellings.some((spelling) => ['--help', '--version'].includes(spelling)))?.spellings[0]
  for (const { spellings, takes } of flags) {
    if (takes === undefined) continue
    for (const spelling of spellings) {
      if (seen.has(spelling)) continue
      seen.add(spelling)
      await expectOffers(shell, `${line} ${spelling} `, takes)
      if (spelling.startsWith('--')) await expectOffers(shell, `${line} ${spelling}=`, takes)
      const [first] = takes
      if (first !== undefined) await expectOffers(shell, `${line} ${other} ${spelling} ${first.slice(0, 2)}`, takes.filter((value) => value.startsWith(first.slice(0, 2))))
    }
  }
}

/** What stands beside the flags: at each place, between flags, and behind the last place nothing but flags. */
const checkPlaces = async (shell, { line, flags, places, isOpen = false }) => {
  const taking = flags.find(({ takes }) => takes !== undefined)?.spellings[0]
  for (const [place, offered] of places.entries()) {
    const before = [line, ...places.slice(0, place).map(([word = 'word']) => word)].join(' ')
    await expectOffers(shell, `${before} `, offered)
    if (taking !== undefined) await expectOffers(shell, `${line} ${taking} sync ${before.slice(line.length + 1)} `.replace('  ', ' '), offered)
  }
  const full = [line, ...places.map(([word = 'word']) => word)].join(' ')
  if (places.every((words) => !firstWords.includes(words[0]) && line !== 'mirror' && !Object.keys(FAMILIES).some((family) => line === `mirror ${family}`))) await expectOffers(shell, `${full} `, isOpen ? places.at(-1) : shell.beyond(flags))
}

/** Lines as people type them. */
const TYPED = [
  ['mirror de', ['delta']],
  ['mirror delta ', partsOf('delta')],
  ['mirror delta cr', ['create']],
  ['cas-sync --re', ['--reserve', '--reuse']],
  ['mirror sync --reuse ', ['after-grace', 'drop', 'keep', 'replace']],
  ['mirror sync --reuse=a', ['after-grace']],
  ['mirror sync -f ', FILES.file],
  ['mirror sync -f mi', ['mirror.yaml']],
  ['mirror sync -c https://conda.example.org/main --reu', ['--reuse']],
  ['mirror sync -f my\\ file --mirror-dir ch', ['channel']],
  ['mirror snapshot -c https://conda.example.org/main cr', ['create']],
  ['mirror merge https://conda.example.org/x ', ['channel']],
  ['mirror config import mi', ['mirror.yaml']],
  ['mirror nothing --re', []],
  ['conda-diff-tar --apply -i mi', ['mirror.yaml']],
  ['conda-diff-tar --apply -i mirror.yaml ', ['channel']],
]

const BEYOND = {
  bash: (flags) => flags.flatMap(({ spellings }) => spellings),
  zsh: (flags) => flags.flatMap(({ spellings }) => spellings),
  fish: () => [],
}

const checkAll = async (shell) => {
  for (const [line, expected] of TYPED) await expectOffers(shell, line, expected)
  for (const commands of Object.values(PROGRAMS)) {
    const seen = new Set()
    for (const command of commands) {
      await checkFlags(shell, command)
      await checkValues(shell, command, seen)
      await checkPlaces(shell, command)
    }
  }
}

const work = join(folder, 'work')
const share = join(folder, 'prefix/share')
const bin = join(folder, 'bin')
const home = join(folder, 'home')
for (const path of [join(work, 'channel'), share, bin, home]) await mkdir(path, { recursive: true })
for (const name of ['mirror.yaml', 'my file']) await writeFile(join(work, name), '')
for (const [shell, place] of Object.entries(PLACES)) {
  for (const of of ['apps/cli', 'packages/difftar']) await cp(join(root, of, 'completions', shell), join(folder, 'prefix', place), { recursive: true })
}
for (const program of Object.keys(PROGRAMS)) {
  await writeFile(join(bin, program), `#!/bin/sh\nexec '${process.execPath}' --no-warnings '${join(root, 'apps/cli/src/bin/mirror.ts')}' "$@"\n`)
  await chmod(join(bin, program), 0o755)
}
const bare = { HOME: home, PATH: `${bin}:${process.env.PATH}`, LANG: 'C.UTF-8' }
const env = { ...bare, XDG_DATA_DIRS: `${share}:/usr/local/share:/usr/share` }

/** What stands in the start-up file of a user: of one who installed a package, and of one who did not. */
const INSTALLED = { bash: `. '${tools['bash-completion']}'`, zsh: `fpath=('${join(folder, 'prefix', PLACES.zsh)}' $fpath)\nautoload -Uz compinit\ncompinit -D -u`, fish: '' }
const EVALUATED = { bash: 'eval "$(mirror completion bash)"', zsh: 'autoload -Uz compinit\ncompinit -D -u\neval "$(mirror completion zsh)"', fish: 'mirror completion fish | source' }

const inShell = async (shell, place, body) => {
  const own = join(folder, shell)
  await mkdir(own, { recursive: true })
  const started = await STARTERS[shell]({ cwd: work, folder: own, ...place })
  const asking = { ...started, asked: 0, describes: shell !== 'bash', beyond: BEYOND[shell] }
  try {
    await body(asking)
    return `${asking.asked} lines`
  } finally {
    await started.close()
  }
}

assert.deepEqual(sorted((await readdir(join(folder, 'prefix', PLACES.zsh))).map((file) => file.slice(1))), sorted(Object.keys(PROGRAMS)))
for (const shell of Object.keys(PLACES)) {
  await part(`${shell}, with the files of a package`, () => inShell(shell, { env, setUp: INSTALLED[shell] }, checkAll))
  await part(`${shell}, with mirror completion ${shell} in its start-up file`, () => inShell(shell, { env: bare, setUp: EVALUATED[shell] }, async (asking) => {
    for (const [line, expected] of TYPED) await expectOffers(asking, line, expected)
  }))
}
endParts()
