// The pages of docs/reference that follow from the code: each is a function of the tables and unions that the commands use.
import { readFileSync } from 'node:fs'
import { SERVER_METRICS } from '@mirror/server'
import { type CommandDefinition, COMMANDS, type FlagDefinition, formatCommand } from '../src/command-line/flags.ts'
import { type FrontDoor, FRONT_DOORS } from '../src/command-line/front-doors.ts'
import type { KeyGroup } from '../src/config/key-reference.ts'
import { KEY_GROUPS } from '../src/config/keys.ts'
import { ERROR_TABLE } from '../src/errors/error-table.ts'
import { EXIT_MEANINGS, EXIT_ORDER } from '../src/errors/exit-codes.ts'
import { EVENT_TABLE } from '../src/event-table.ts'
import { METRICS } from '../src/metrics/metrics-file.ts'
import { createLicencesPage } from './licences-page.ts'

const NOTE = '<!-- Made by apps/cli/scripts/write-reference.mjs from the code; do not edit. -->\n'
const readSource = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n')

/** Packages whose codes and events users see, in the order of the pages. */
const PACKAGES = [
  ['The command line', 'apps/cli'],
  ['Sync', 'packages/sync'],
  ['The selection', 'packages/selection'],
  ['Upstream', 'packages/repository-client'],
  ['The store', 'packages/store'],
  ['Deltas', 'packages/delta'],
  ['Deltas on a medium', 'packages/difftar'],
  ['The server', 'apps/server'],
  ['Names, indexes and channels', 'packages/core'],
] as const

/** The packages whose events commands show. */
const TELLING: readonly string[] = ['apps/cli', 'packages/sync', 'packages/repository-client', 'packages/store', 'apps/server']
/** Told in another way: as `progress`, and as `notice`. */
const UNPRINTED: readonly string[] = ['bytes-received', 'bytes-sent', 'verify-progress', 'request-failed', 'guesses-refused', 'renewed', 'renewal-failed', 'certificate-expires']

/** The codes that a package's union names, read from its source. */
export function readErrorCodes(folder: string): readonly string[] {
  return [...readSource(`${folder}/src/error-codes.ts`).matchAll(/^\s*\|\s*'([A-Z0-9_]+)'/gm)].map((match) => match[1] ?? '')
}

/** Every code of every package, each once. */
export function readAllErrorCodes(): readonly string[] {
  return [...new Set(PACKAGES.flatMap(([, folder]) => readErrorCodes(folder)))]
}

/** An event of a union and its fields, read from the source. */
export interface EventSource {
  readonly type: string
  readonly fields: readonly string[]
}

/** The events that a package's unions name. `ShownEvent`, which only carries others, is left out. */
export function readEvents(folder: string): readonly EventSource[] {
  const verify = folder === 'packages/store' ? readSource('packages/store/src/verify-store.ts').match(/export type VerifyEvent =[\s\S]*?\n\n/)?.[0] ?? '' : ''
  const text = `${readSource(`${folder}/src/events.ts`)}${verify}`.replaceAll(/export type ShownEvent[\s\S]*?\n\n/g, '')
  return [...text.matchAll(/\{ readonly type: '(?<type>[a-z-]+)'(?<rest>[^\n]*)\}(?<more> & VerifyFault)?/g)].map(({ groups }) => ({
    type: groups?.['type'] ?? '',
    fields: groups?.['more'] !== undefined ? ['path', 'fault'] : [...(groups?.['rest'] ?? '').matchAll(/readonly (?<name>\w+)\??: [^;}]+/g)].map((field) => field.groups?.['name'] ?? ''),
  }))
}

/** Every event of every package that `--json` can print. */
export function readAllEvents(): readonly EventSource[] {
  return PACKAGES.filter(([, folder]) => TELLING.includes(folder)).flatMap(([, folder]) => readEvents(folder)).filter(({ type }) => !UNPRINTED.includes(type))
}

function createErrorsPage(): string {
  const seen = new Set<string>()
  const groups = PACKAGES.map(([title, folder]) => {
    const codes = readErrorCodes(folder).filter((code) => !seen.has(code))
    for (const code of codes) seen.add(code)
    const rows = Object.entries(ERROR_TABLE).filter(([code]) => codes.includes(code)).toSorted(([left], [right]) => codes.indexOf(left) - codes.indexOf(right))
    return `## ${title}\n\n${table(['code', 'exit', 'meaning', 'cause', 'what to do'],
      rows.map(([code, row]) => [`\`${code}\``, String(row.exit), row.meaning, row.cause, row.advice]))}\n`
  })
  return `# Error codes

${NOTE}
An error reads *Cannot do something: what is*, with a hint that says what to do, and a code. Codes are stable: programs may rely on them, and on nothing else of the text.
With \`--json\`, errors are lines with \`code\`, \`message\`, \`hint\` and \`details\`. A subdir that is held, and an artifact that could not be had, have codes as well; then the exit
code is 3 unless nothing of the channel could be had.

${groups.join('\n')}`
}

function createEventsPage(): string {
  const events = readAllEvents()
  const types = [...new Set(Object.keys(EVENT_TABLE))]
  const rows = types.map((type) => {
    const fields = events.find((event) => event.type === type)?.fields ?? []
    return [`\`${type}\``, fields.map((field) => `\`${field}\``).join(', '), Object.entries(EVENT_TABLE).find(([name]) => name === type)?.[1] ?? '']
  })
  return `# Events

${NOTE}
With \`--json\`, a command prints one JSON object a line on stdout. Each has \`type\` and \`time\` (ISO 8601, UTC); those about a channel have \`channel\`, its URL without secrets.
New events and new fields may come; ignore what you do not know.

${table(['type', 'fields', 'meaning'], rows)}

The last line is one of these:

| type | fields | meaning |
| --- | --- | --- |
| \`result\` | \`command\`, \`exitCode\`, \`mirror\`, \`channels\`, \`installers\` | The command ended. Each entry of \`channels\` has \`channel\` and \`folder\`, and the \`report\` of the command, or its \`error\`; so has \`installers\`, of a sync or plan that came to them, with their \`remote\`. |
| \`result\` of \`merge\` and \`delta apply\` | \`status\`, \`delta\`, \`volumes\`, \`channels\` | \`applied\`, \`unchanged\`, \`planned\`, or \`waiting\` for volumes; what came of each channel. |
| \`result\` of \`delta create\` and \`delta inspect\` | \`status\`, \`seal\`, \`sequence\`, \`totals\`, \`written\`; \`delta\`; \`channels\` | What the delta carries: for each channel \`bases\`, \`fromNothing\`, \`target\`, files and bytes by kind in \`carries\`, \`remove\`; with \`--list\` \`entries\` and \`removes\`. Where the delta itself goes to stdout, this line goes to stderr. |
| \`result\` of \`delta request\` | \`request\`, \`channels\` | The file, and the \`state\`, \`generation\` and count of \`artifacts\` of each channel. |
| \`result\` of \`diff\` | \`differs\`, \`before\`, \`after\`, \`channels\` | For each channel \`status\`, \`files\` and \`subdirs\`, these with \`added\`, \`addedBytes\`, \`removed\`, \`removedBytes\`, \`changed\`, \`changedBytes\`, \`relisted\` (null where one side has no records) and \`unchanged\`; with \`--list\` \`names\`. |
| \`error\` | \`exitCode\`, \`code\`, \`message\`, \`hint\`, \`details\` | The command could not begin, or was interrupted (then with \`channels\` as far as they came). |
`
}

function createMetricsPage(): string {
  return `# Metrics

${NOTE}
\`--metrics-file FILE\`, or \`metrics_file\` in the configuration, makes \`sync\`, \`verify\` and \`prune\` write a file for the textfile collector of Prometheus' node exporter: name it
\`<folder of the collector>/<anything>.prom\`. It is replaced by a rename, so that the collector never reads half of it. Each command replaces what it wrote before and leaves what the
others wrote, so that all of them can share one file; two configurations need two. A dry run writes nothing. That the file cannot be written is a warning, and not a failure.

All are gauges, with the labels \`command\` and \`channel\` (the URL of the channel without secrets; its folder where there is no configuration). Those without \`channel\` are of the whole run;
\`mirror_upstream_index_timestamp_seconds\` also has \`subdir\`.

${table(['metric', 'meaning'], Object.entries(METRICS).map(([name, meaning]) => [`\`${name}\``, meaning]))}

What deserves an alarm:

\`\`\`
time() - mirror_last_success_timestamp_seconds{command="sync"} > 2 * 86400
time() - mirror_run_timestamp_seconds{command="sync",channel=""} > 2 * 86400
mirror_run_held_subdirs > 0
mirror_verify_faults > 0
mirror_ready{command="serve"} == 0
\`\`\`

## Of the server

\`mirror serve\` and \`cas-server\` answer \`/metrics\`. What it tells of channels has the names from above, with \`command="serve"\` and the channel's folder as \`channel\`; a channel that the caller may not see is left
out. Requests are counted by \`kind\` (\`index\`, \`shard\`, \`artifact\`, \`page\`, \`other\`) and \`status\` (\`2xx\` to \`5xx\`): no label is made of a path, so that nobody can make them more. With several
processes, any of them answers for all: requests are added up, those of processes that have ended included; what is of one process alone has the label \`process\`.

${table(['metric', 'type', 'meaning'], Object.entries(SERVER_METRICS).map(([name, { type, help }]) => [`\`${name}\``, type, help]))}
`
}

function createExitCodesPage(): string {
  const rows = [0, 1, 2, 3, 4, 5, 6, 130] as const
  return `# Exit codes

${NOTE}
${table(['code', 'meaning'], rows.map((code) => [String(code), EXIT_MEANINGS[code]]))}

With several channels the worst one counts; from the mildest to the worst: ${EXIT_ORDER.join(', ')}. New ones may be added: take an unknown one as a failure.

Records that a policy leaves out (\`reuse: keep\` or \`drop\`) and records that lie elsewhere are told, and do not make a run count as incomplete.

Which error has which exit code is in [errors.md](errors.md).
`
}

function describeFlag({ name, alias = [], value, type, describe, standard }: FlagDefinition): readonly string[] {
  const names = [...alias.filter((short) => short.length === 1).map((short) => `-${short}`), `--${name}`, ...alias.filter((long) => long.length > 1).map((long) => `--${long}`)]
  return [names.map((text) => `\`${text}${value === undefined ? '' : ` ${value}`}\``).join(', '), `${describe}${type === 'texts' && !describe.includes('repeatable') ? ' (repeatable)' : ''}${standard === true ? ' (on)' : ''}`]
}

function describeWords({ words = [] }: CommandDefinition): string {
  if (words.length === 0) return ''
  return `${table(['word', 'meaning'], words.map(({ name, describe, choices }) => [`\`${name}\``, `${describe}${choices === undefined ? '' : ` (${choices.join(', ')})`}`]))}\n\n`
}

function createCliPage(): string {
  const sections = COMMANDS.map((command) => `## mirror ${formatCommand(command)}

${command.describe}.

\`\`\`sh
${command.examples.map(([line, meaning]) => `${line}  # ${meaning}`).join('\n')}
\`\`\`

${`${describeWords(command)}${command.flags.length === 0 ? '' : table(['flag', 'meaning'], command.flags.map(describeFlag))}`.trimEnd()}
`)
  return `# Commands

${NOTE}
Results go to stdout; progress, warnings and errors to stderr. On a terminal progress is redrawn; elsewhere, with \`TERM=dumb\` and in CI, it is a line a fact. \`NO_COLOR\` is
respected. Every command has \`-h\`, \`--help\` and \`--version\`.

Ctrl-C and SIGTERM end a command within five seconds, with a mirror that is whole; once more ends it at once. The next run goes on where it was.

How a command ends is in [exit-codes.md](exit-codes.md), the configuration in [config.md](config.md), \`--json\` in [events.md](events.md),
\`--metrics-file\` in [metrics.md](metrics.md).

${sections.join('\n')}
${Object.entries(FRONT_DOORS).map(describeDoor).join('\n')}`
}

const DOOR_TEXTS: Readonly<Record<string, string>> = {
  'cas-sync': '`mirror sync` under its old name and with its old flags, and `mirror config` as `--config`.',
  'cas-merge': '`mirror merge` under its old name, with `--config` as `cas-sync` has it. It reads the same configuration.',
  'cas-sync-api-v4': '`mirror upload` under its old name, to the site of anaconda-client that `dest_site` names. It reads the same configuration.',
  'cas-sync-api-v5': '`mirror upload` under its old name, to the Anaconda Server whose URL is `dest_site`, into the channel `dest_channel`. It reads the same configuration.',
  'cas-server': '`mirror serve` under its old name, with `--config` as `cas-sync` has it. It reads the same configuration.',
}

function describeDoor([name, { flags, examples }]: readonly [string, FrontDoor]): string {
  const lines = examples.map(([line]) => line).join('\n')
  return `## ${name}\n\nThe command of cas-mirror: ${DOOR_TEXTS[name] ?? ''}\n\n\`\`\`sh\n${lines}\n\`\`\`\n\n${table(['flag', 'meaning'], flags.map(describeFlag))}\n`
}

function describeKeys({ title, text, keys }: KeyGroup): string {
  const rows = keys.map(({ key, takes, standard = '', meaning, since }) => [`\`${key}\``, takes, standard, meaning, since])
  return `## ${title}\n\n${text === '' ? '' : `${text}\n\n`}${table(['key', 'takes', 'default', 'meaning', 'since'], rows)}\n`
}

function createConfigPage(): string {
  return `# Configuration

${NOTE}
A YAML file: the one after \`-f\`, else \`~/.cas-mirror\`, else \`/etc/cas-mirror\`; whole, never merged. Without any, the defaults hold. Flags win over the file. A key that is left out, or left
empty, keeps its default; a single value may stand where a list is expected. \`yes\` and \`no\` are truth values, as they were for cas-mirror.

\`\`\`yaml
mirror_dir: /srv/mirror
channels:
  - https://conda.example.org/main
  - {url: https://conda.example.org/label/rc, path: rc, platforms: [linux-64]}
platforms: [linux-64, win-64]
grace: 24h
bandwidth: 20MB/s
\`\`\`

A key that is near to a known one is an error; any other unknown key is a warning, and an error with \`--strict\`. \`mirror config\` shows what holds, as a file that can be used.
Durations are written \`90s\`, \`15m\`, \`24h\`, \`7d\`, sizes \`500MB\` or \`2GiB\`.

${KEY_GROUPS.map(describeKeys).join('\n')}
## Configurations of other tools

\`mirror config import FILE\` makes a configuration of this tool of one of conda-mirror (until 0.10, in Python; from 0.11 on, in Rust) or of the anaconda-mirror that follows cas-mirror. Those of
cas-mirror need none. Whatever has no equal here is told, stands in a comment at the top, and makes the exit code 3.

| theirs | ours |
| --- | --- |
| conda-mirror: \`upstream_channel\`, \`target_directory\`, \`platform\` | \`channels\`, \`mirror_dir\` with the \`path\` of the channel (so that what is there is taken over), \`platforms\`, and \`noarch: false\` where it was not mirrored |
| \`blacklist\`, \`whitelist\` with fields and globs | \`exclude\`, \`include\` with match specs that match the same |
| \`include_depends\` | \`closure\`, where everything else is blacklisted; else nothing says the same |
| conda-mirror in Rust: \`source\`, \`destination\`, \`subdirs\`, \`include\`, \`exclude\`, \`max-parallel\` | \`channels\`, \`mirror_dir\`, \`platforms\`, \`include\`, \`exclude\`, \`concurrency\` |
| anaconda-mirror: \`dest_site\` with a folder, \`package_list\`, and what it shares with cas-mirror | \`mirror_dir\`, \`pkg_list\`, the same |

## Environment

| variable | meaning |
| --- | --- |
| \`HTTPS_PROXY\`, \`HTTP_PROXY\`, \`ALL_PROXY\`, \`NO_PROXY\` | Proxies, in upper or lower case; of both, the lower one wins. |
| \`NETRC\` | A file with names and passwords, in place of \`~/.netrc\`. |
| \`REQUESTS_CA_BUNDLE\`, \`CURL_CA_BUNDLE\`, \`SSL_CERT_FILE\` | A file with certificates to trust as well, where \`ssl_verify\` names none; the first of these that is set. |
| \`NO_COLOR\`, \`TERM\`, \`CI\` | How progress looks. |
| \`BINSTAR_API_TOKEN\`, \`ANACONDA_API_TOKEN\` | The token for uploading to a site of anaconda-client, before those that it keeps in files; the first that is set. |
| \`BINSTAR_CONFIG_DIR\`, \`CONDA_ROOT\`, \`CONDA_EXE\`, \`CONDA_PREFIX\`, \`XDG_CONFIG_HOME\`, \`XDG_DATA_DIRS\`; on Windows \`LOCALAPPDATA\`, \`ALLUSERSPROFILE\` | Where the configuration and the tokens of anaconda-client are, as it has it. |
| \`QUETZ_API_KEY\`, \`PREFIX_API_KEY\`, \`ARTIFACTORY_TOKEN\`, \`ANACONDA_API_KEY\` or \`ANACONDA_AUTH_API_KEY\` | The token for uploading to a server of that kind; the last two to an Anaconda Server. |
| \`ARTIFACTORY_USERNAME\`, \`ARTIFACTORY_PASSWORD\` | In place of \`ARTIFACTORY_TOKEN\`. |
| \`RATTLER_AUTH_FILE\` | Where no variable gives it: a file with the secrets of servers, before \`~/.rattler/credentials.json\` and netrc, as in rattler, pixi and rattler-build. |
`
}

/** Every page, by its name in docs/reference. */
export function createReferencePages(): ReadonlyMap<string, string> {
  return new Map([
    ['cli.md', createCliPage()],
    ['config.md', createConfigPage()],
    ['errors.md', createErrorsPage()],
    ['events.md', createEventsPage()],
    ['exit-codes.md', createExitCodesPage()],
    ['metrics.md', createMetricsPage()],
    ['licences.md', createLicencesPage(NOTE, table)],
  ])
}
