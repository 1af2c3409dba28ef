/**
 * Arguments: JSON of `root`, `folder` (empty), `guides` (their names) and `tools`. Of each guide the fenced blocks are taken in order, in one sandbox:
 *   yaml    a configuration. The comment in its first line is the name of the file that it is written to; a `mirror config` on it must succeed.
 *   sh      run by bash, which stops at the first failure. `# exit code 4` before a line says how that line ends.
 *   cron    the command of each line is run.
 *   ini     of systemd units, each ExecStart is run, with what EnvironmentFile says; a server is stopped again.
 *   others  are for the eye, and may hold no command of ours.
 * `https://conda.example.org` is a server on loopback, absolute paths lie in the sandbox, and so does the home folder.
 * What a sandbox has beside that, and whether the commands are those of this checkout, is said by install-sandbox.mjs.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { serveChannel } from '@mirror/test-fixtures'
import { buildGuideUpstream } from './guide-upstream.mjs'
import { prepareInstallSandbox } from './install-sandbox.mjs'
import { endParts, part } from './run-parts.mjs'
import { startGuideTargets } from './start-guide-targets.mjs'

const { root, folder, guides: names, tools } = JSON.parse(process.argv[2])
const guides = join(root, 'docs', 'guide')
const PROGRAMS = { mirror: 'apps/cli', 'cas-sync': 'apps/cli', 'cas-merge': 'apps/cli', 'cas-sync-api-v4': 'apps/cli', 'cas-sync-api-v5': 'apps/cli', 'cas-server': 'apps/cli', 'conda-diff-tar': 'packages/difftar' }
const PLACES = ['/srv/', '/etc/', '/var/', '/media/', '/opt/']

function* fencedBlocks(text) {
  for (const { groups, index } of text.matchAll(/^```(?<kind>\w*)\n(?<body>[\s\S]*?)^```$/gm)) {
    yield { kind: groups.kind, body: groups.body, line: text.slice(0, index).split('\n').length }
  }
}

async function writePrograms(bin) {
  await mkdir(bin, { recursive: true })
  for (const [program, home] of Object.entries(PROGRAMS)) {
    await writeFile(join(bin, program), `#!/bin/sh\nexec '${process.execPath}' '${join(root, home, 'bin', `${program}.js`)}' "$@"\n`)
    await chmod(join(bin, program), 0o755)
  }
}

function bash(script, { sandbox, environment }) {
  return new Promise((done) => {
    const env = { ...process.env, HOME: join(sandbox, 'home'), PATH: `${join(sandbox, 'bin')}:${process.env.PATH}`, CI: '1', ...environment }
    const child = spawn('bash', ['-c', script], { cwd: join(sandbox, 'work'), env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { output += chunk })
    child.once('close', (code, signal) => done({ code: code ?? signal, output }))
  })
}

/** A script that stops at the first line that does not end as the guide says. */
function toScript(body) {
  const lines = ['set -uo pipefail']
  let expected = 0
  for (const line of joinContinued(body)) {
    const said = /^# exit code (?<code>\d+)$/.exec(line.trim())?.groups?.code
    if (said !== undefined) expected = Number(said)
    else if (line.trim() === '' || line.trim().startsWith('#')) lines.push(line)
    else {
      lines.push(line, `code=$?; [ $code -eq ${expected} ] || { echo "ended with $code, not ${expected}: ${line.replace(/["$`\\]/g, '')}"; exit 99; }`)
      expected = 0
    }
  }
  return lines.join('\n')
}

/** Lines that end in a backslash go on; so does a here-document. */
function joinContinued(body) {
  const joined = []
  let end
  for (const line of body.split('\n')) {
    const last = joined.at(-1)
    if (end !== undefined || last?.endsWith('\\') === true) joined[joined.length - 1] = `${last}\n${line}`
    else joined.push(line)
    if (end === undefined) end = /<<-?'?(?<word>\w+)'?/.exec(line)?.groups?.word
    else if (line === end) end = undefined
  }
  return joined
}

const commandsOf = {
  sh: (body) => [toScript(body)],
  cron: (body) => body.split('\n').filter((line) => /^[\d*@]/.test(line)).map((line) => line.replace(/^(?:@\w+|(?:\S+\s+){5})\s*(?:\w+\s+)?(?=mirror|cas-)/, '')),
  // What runs until it is stopped is stopped as systemd does it, and must take that well.
  ini: (body) => {
    const file = /^EnvironmentFile=(?<path>.*)$/m.exec(body)?.groups.path
    const setUp = file === undefined ? '' : `set -a; . '${file}'; set +a; `
    return [...body.matchAll(/^ExecStart=(?<command>.*)$/gm)].map(({ groups: { command } }) => (command.startsWith('cas-server') ? `timeout --preserve-status --signal=TERM 3 ${command}` : `${setUp}${command}`))
  },
}

async function runGuide(name, { server, targets }) {
  const sandbox = join(folder, basename(name, '.md'))
  for (const place of ['home', 'work', 'srv', 'etc', 'var/lib/node_exporter', 'media']) await mkdir(join(sandbox, place), { recursive: true })
  // Who reads how to install them has none of them.
  const environment = name === 'install.md' ? await prepareInstallSandbox({ root, sandbox, tools }) : await writePrograms(join(sandbox, 'bin'))
  const place = (text) => PLACES.reduce((all, prefix) => all.replaceAll(new RegExp(`(?<![\\w.-])${prefix}`, 'g'), `${join(sandbox, prefix)}/`.replace('//', '/')), targets?.place(text) ?? text).replaceAll('https://conda.example.org', server.origin)
  let count = 0
  for (const { kind, body, line } of fencedBlocks(await readFile(join(guides, name), 'utf8'))) {
    const where = `${name}:${line}`
    if (kind === 'yaml') {
      await writeConfig({ sandbox, environment, where, body: place(body) })
      count += 1
      continue
    }
    count += await runBlock({ sandbox, environment, where, kind, body: place(body) })
  }
  assert.ok(count > 0, `${name} has nothing to run`)
  await rm(sandbox, { recursive: true, force: true })
  return `${count} blocks`
}

async function writeConfig({ sandbox, environment, where, body }) {
  const file = /^# (?<file>[\w~./-]+\.ya?ml|~\/\.cas-mirror|\/etc\/cas-mirror)\b/.exec(body)?.groups?.file
  assert.ok(file !== undefined, `${where}: the first line does not name the file`)
  const path = file.startsWith('~/') ? join(sandbox, 'home', file.slice(2)) : join(sandbox, 'work', file)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, body)
  const { code, output } = await bash(`mirror config --strict -f '${path}'`, { sandbox, environment })
  assert.equal(code, 0, `${where}: ${output}`)
}

/** Runs what a block says to run; resolves to how many commands that were. */
async function runBlock({ sandbox, environment, where, kind, body }) {
  const commands = commandsOf[kind]?.(body)
  if (commands === undefined) {
    assert.ok(!/^\s*\$?\s*(?:mirror|cas-sync|cas-merge|cas-sync-api-v4|cas-sync-api-v5|cas-server|conda-diff-tar) /m.test(body), `${where}: a command in a block that is not run`)
    return 0
  }
  assert.ok(commands.length > 0 || body.includes('[Timer]'), `${where}: a block of ${kind} without a command`)
  for (const command of commands) {
    const { code, output } = await bash(command, { sandbox, environment })
    assert.equal(code, 0, `${where}: ended with ${code}\n${command}\n${output}`)
  }
  return commands.length
}

const upstream = join(folder, 'upstream')
await buildGuideUpstream(upstream)
const server = await serveChannel(upstream, { mount: '/' })
const targets = tools.quetz === undefined ? undefined : await startGuideTargets(tools.quetz, folder)
try {
  for (const name of names) await part(name, () => runGuide(name, { server, targets }))
  if (targets !== undefined) await part('every server was given something, and nothing that it refuses', () => targets.check())
} finally {
  await targets?.stop()
  await server.close()
}
endParts()
