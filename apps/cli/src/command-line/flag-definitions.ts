import { KNOWN_SUBDIRS } from '@mirror/core'
import { ACCESS_LOGS } from '../config/serve-values.ts'
import { IMPORT_SOURCES, listChoices, LOG_LEVELS, REUSE_POLICIES } from './choices.ts'

/** The headings of the help. */
export const GROUPS = {
  what: 'What to mirror:',
  how: 'How to fetch it:',
  safety: 'When something is wrong:',
  output: 'Output:',
  importing: 'With import:',
  delta: 'The delta:',
  serving: 'How to serve it:',
  token: 'The token:',
  uploading: 'Where to upload it:',
} as const

/** One flag, as the help and the reference page tell it. */
export interface FlagDefinition {
  readonly name: string
  readonly alias?: readonly string[]
  readonly type: 'boolean' | 'text' | 'texts'
  /** What stands for the value in the help. */
  readonly value?: string
  readonly group: (typeof GROUPS)[keyof typeof GROUPS]
  readonly describe: string
  readonly standard?: boolean
  /** All values that there are. */
  readonly choices?: readonly string[]
  /** Values that it is often given, where it takes others, too. */
  readonly suggestions?: readonly string[]
  /** What its value is the path of; a file where the help says `FILE`. */
  readonly path?: 'file' | 'folder'
}

const FILE: FlagDefinition = {
  name: 'file', alias: ['f'], type: 'text', value: 'FILE', group: GROUPS.what,
  describe: 'Configuration file (otherwise ~/.cas-mirror, else /etc/cas-mirror)',
}
const STRICT: FlagDefinition = { name: 'strict', type: 'boolean', group: GROUPS.what, describe: 'Refuse a configuration with unknown keys' }

/** Which mirror, and what of it. */
export const SELECTION: readonly FlagDefinition[] = [
  FILE,
  { name: 'mirror-dir', type: 'text', value: 'FOLDER', path: 'folder', group: GROUPS.what, describe: 'Folder of the mirror' },
  { name: 'channel', alias: ['c'], type: 'texts', value: 'URL', group: GROUPS.what, describe: 'Channel, instead of the configured ones (repeatable)' },
  { name: 'platform', alias: ['p'], type: 'texts', value: 'NAME', suggestions: KNOWN_SUBDIRS, group: GROUPS.what, describe: 'Platform, instead of the configured ones (repeatable)' },
  STRICT,
]

/** How to carry it out. */
export const CARRYING_OUT: readonly FlagDefinition[] = [
  { name: 'reuse', type: 'text', value: 'POLICY', choices: REUSE_POLICIES, group: GROUPS.what, describe: `A name that upstream used again: ${listChoices(REUSE_POLICIES)}` },
  { name: 'grace', type: 'text', value: 'DURATION', group: GROUPS.what, describe: 'How long to keep what no index names any more (24h; 0: not at all)' },
  { name: 'concurrency', type: 'text', value: 'N', group: GROUPS.how, describe: 'Artifacts to fetch at once (32)' },
  { name: 'bandwidth', type: 'text', value: 'RATE', group: GROUPS.how, describe: 'Limit for all of them together, such as 10MB/s' },
  { name: 'timeout', type: 'text', value: 'DURATION', group: GROUPS.how, describe: 'How long a server may send nothing (30s)' },
  { name: 'partial', type: 'boolean', group: GROUPS.safety, describe: 'Publish a subdir without the artifacts that cannot be had, instead of holding it' },
  { name: 'adopt', type: 'boolean', standard: true, group: GROUPS.safety, describe: 'Take over a folder that another tool filled; --no-adopt refuses it' },
  { name: 'max-delete', type: 'text', value: 'N', group: GROUPS.safety, describe: 'Delete at most so many artifacts in this run (1000)' },
  { name: 'reserve', type: 'text', value: 'SIZE', group: GROUPS.safety, describe: 'Refuse to start unless so much of the disk stays free (1 % of it, at most 1 GiB; 0: nothing)' },
  { name: 'allow-empty', type: 'boolean', group: GROUPS.safety, describe: 'Accept, once, that upstream lists nothing or is gone' },
  { name: 'allow-shrink', type: 'boolean', group: GROUPS.safety, describe: 'Accept, once, that upstream removed much' },
  { name: 'allow-selection', type: 'boolean', group: GROUPS.safety, describe: 'Accept, once, that a changed configuration removes much' },
  { name: 'allow-rollback', type: 'boolean', group: GROUPS.safety, describe: 'Accept, once, an index older than the last one' },
]

/** Look only. */
export const DRY_RUN: FlagDefinition = { name: 'dry-run', alias: ['n'], type: 'boolean', group: GROUPS.safety, describe: 'Show what would happen, and change nothing' }

/** How to tell it. */
export const OUTPUT: readonly FlagDefinition[] = [
  { name: 'json', type: 'boolean', group: GROUPS.output, describe: 'Print events as NDJSON; the last line is the result or the error' },
  { name: 'quiet', alias: ['q'], type: 'boolean', group: GROUPS.output, describe: 'Print nothing but warnings and errors' },
  { name: 'log-level', alias: ['l'], type: 'text', value: 'LEVEL', choices: LOG_LEVELS, group: GROUPS.output, describe: `${listChoices(LOG_LEVELS)} (INFO)` },
  { name: 'verbose', alias: ['v'], type: 'boolean', group: GROUPS.output, describe: 'Short for --log-level DEBUG' },
]

/** Where numbers go. */
export const METRICS: FlagDefinition = {
  name: 'metrics-file', type: 'text', value: 'FILE', group: GROUPS.output, describe: 'Write what came of the run for the textfile collector of Prometheus',
}

/** The flags of some names, to be offered by other commands, too. */
export function pick(flags: readonly FlagDefinition[], ...names: readonly string[]): readonly FlagDefinition[] {
  return flags.filter(({ name }) => names.includes(name))
}

/** The flag of `cas-sync` that shows the configuration. */
export const SHOW_CONFIG: FlagDefinition = {
  name: 'config', alias: ['show-config', 'show'], type: 'boolean', group: GROUPS.output, describe: 'Show the running configuration, and exit',
}
/** The flag that shows secrets. */
export const SHOW_SECRETS: FlagDefinition = { name: 'show-secrets', type: 'boolean', group: GROUPS.output, describe: 'With it, show tokens and passwords' }

/** How to apply a delta. */
export const MERGING: readonly FlagDefinition[] = [
  { name: 'key', type: 'texts', value: 'KEY', path: 'file', group: GROUPS.safety, describe: 'Trust this minisign key (its text, or a .pub file) and apply nothing that it did not sign (repeatable)' },
  { name: 'deep', type: 'boolean', group: GROUPS.safety, describe: 'Compare everything that stays byte for byte, not by size' },
  { name: 'allow-older', type: 'boolean', group: GROUPS.safety, describe: 'Apply a delta that fits though a later one was applied before' },
  { name: 'request', type: 'text', value: 'FILE', group: GROUPS.safety, describe: 'Where to write what is here when the delta does not fit (request.jsonl)' },
]

/** How to import a configuration. */
export const IMPORTING: readonly FlagDefinition[] = [
  { name: 'from', type: 'text', value: 'TOOL', choices: IMPORT_SOURCES, group: GROUPS.importing, describe: `Whose configuration it is: ${listChoices(IMPORT_SOURCES)} (auto)` },
  { name: 'output', type: 'text', value: 'FILE', group: GROUPS.importing, describe: 'Write to a new file, instead of stdout' },
]

const LIST: FlagDefinition = { name: 'list', type: 'boolean', group: GROUPS.output, describe: 'Name every file' }

/** How to make a delta. */
export const CREATING: readonly FlagDefinition[] = [
  {
    name: 'since', type: 'texts', value: 'STATE', path: 'file', group: GROUPS.delta,
    describe: 'What the other side has: a reference or request file, or @NAME for a snapshot or generation that is kept here; several: the delta fits any of them; none: it has nothing (repeatable)',
  },
  { name: 'volume-size', type: 'text', value: 'SIZE', group: GROUPS.delta, describe: 'Split a tarball into volumes of at most that size, such as 4G' },
  { name: 'sign', type: 'text', value: 'KEY', path: 'file', group: GROUPS.delta, describe: 'Sign with this secret key: a file of minisign' },
  { name: 'with-tool', type: 'boolean', group: GROUPS.delta, describe: 'Put the program that applies it beside it: one file, with a few words and checksums' },
  LIST,
]

/** How to look at a delta. */
export const INSPECTING: readonly FlagDefinition[] = [
  { name: 'verify', type: 'boolean', group: GROUPS.safety, describe: 'Compare every file with its checksum' },
  { name: 'key', type: 'texts', value: 'KEY', path: 'file', group: GROUPS.safety, describe: 'Fail unless this minisign key (its text, or a .pub file) signed it (repeatable)' },
  LIST,
]

/** How to serve. */
export const SERVING: readonly FlagDefinition[] = [
  { name: 'port', type: 'text', value: 'N', group: GROUPS.serving, describe: 'Port to listen to; 0 takes any that is free (80 for root, otherwise 8080; with TLS 443 and 8443)' },
  { name: 'host', type: 'text', value: 'ADDRESS', group: GROUPS.serving, describe: 'Address to listen to (every address of this machine)' },
  { name: 'max-age', type: 'text', value: 'DURATION', group: GROUPS.serving, describe: 'Not ready (/readyz) when the last good sync is older (age does not count)' },
  { name: 'access-log', type: 'text', value: 'FORM', choices: ACCESS_LOGS, group: GROUPS.serving, describe: `What is printed of each request: ${listChoices(ACCESS_LOGS)} (combined; json with --json)` },
  { name: 'processes', type: 'text', value: 'N', group: GROUPS.serving, describe: 'Serve with so many processes (1)' },
  { name: 'tokens', type: 'text', value: 'FILE', group: GROUPS.serving, describe: 'Answer only those who have a token that is in this file (everybody)' },
  { name: 'htpasswd', type: 'text', value: 'FILE', group: GROUPS.serving, describe: 'Answer only users that are in this file, which htpasswd -B made (everybody)' },
  { name: 'tls-cert', type: 'text', value: 'FILE', group: GROUPS.serving, describe: 'Serve over TLS with this certificate (plain HTTP)' },
  { name: 'tls-key', type: 'text', value: 'FILE', group: GROUPS.serving, describe: 'The key of the certificate' },
]

/** How to upload, whatever the server. */
export const UPLOADING: readonly FlagDefinition[] = [
  { name: 'label', type: 'texts', value: 'LABEL', group: GROUPS.uploading, describe: 'Label of what is uploaded to an Anaconda repository (main; repeatable)' },
  { name: 'private', type: 'boolean', group: GROUPS.uploading, describe: 'Packages that have to be created there are for their owner alone' },
  { name: 'concurrency', type: 'text', value: 'N', group: GROUPS.how, describe: 'Artifacts to upload at once (4)' },
  { name: 'clean', type: 'boolean', group: GROUPS.safety, describe: 'Remove from the server what upstream lists no more' },
  { name: 'replace', type: 'boolean', group: GROUPS.safety, describe: 'Replace what the server has under the same name with other bytes, instead of reporting it' },
]

/** Which server. */
export const TO: FlagDefinition = {
  name: 'to', type: 'text', value: 'URL', group: GROUPS.uploading,
  describe: 'KIND+https://HOST/CHANNEL, of the kinds quetz, prefix, artifactory, anaconda and anaconda6 (dest_url, else the site of anaconda-client that dest_site names)',
}

/** What a token is to be. */
export const TOKEN_LIMITS: readonly FlagDefinition[] = [
  { name: 'for', type: 'texts', value: 'FOLDER', group: GROUPS.token, describe: 'Only for this channel, by its folder in the mirror, such as team or team-* (repeatable; all that the rules allow)' },
  { name: 'expires', type: 'text', value: 'WHEN', group: GROUPS.token, describe: 'The last day on which it is taken, or a duration: 2027-01-31 or 90d (it does not end)' },
  { name: 'tokens', type: 'text', value: 'FILE', group: GROUPS.token, describe: 'Add its line to this file of tokens (it is printed)' },
]

/** How to compare. */
export const COMPARING: readonly FlagDefinition[] = [
  { ...LIST, describe: 'Name every artifact that differs' },
  { name: 'exit-code', type: 'boolean', group: GROUPS.output, describe: 'End with 1 where something differs, not with 0' },
]
