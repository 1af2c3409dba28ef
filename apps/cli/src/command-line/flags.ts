/** What a command line says; a flag that is not given is undefined, or false where it can only be switched on. */
export interface Flags {
  readonly file: string | undefined
  readonly mirrorDir: string | undefined
  readonly channels: readonly string[]
  readonly platforms: readonly string[]
  readonly concurrency: string | undefined
  readonly bandwidth: string | undefined
  readonly timeout: string | undefined
  readonly reuse: string | undefined
  readonly grace: string | undefined
  readonly maxDelete: string | undefined
  readonly reserve: string | undefined
  readonly dryRun: boolean
  readonly partial: boolean
  readonly strict: boolean
  readonly adopt: boolean
  readonly allowEmpty: boolean
  readonly allowShrink: boolean
  readonly allowSelection: boolean
  readonly allowRollback: boolean
  readonly json: boolean
  readonly quiet: boolean
  readonly logLevel: string | undefined
  readonly verbose: boolean
  readonly config: boolean
  readonly showSecrets: boolean
  readonly from: string | undefined
  readonly output: string | undefined
  /** What stands beside the flags, by the names of the command's words. */
  readonly words: Readonly<Record<string, string | undefined>>
}

const GROUPS = {
  what: 'What to mirror:',
  how: 'How to fetch it:',
  safety: 'When something is wrong:',
  output: 'Output:',
  importing: 'With import:',
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
}

const FILE: FlagDefinition = {
  name: 'file', alias: ['f'], type: 'text', value: 'FILE', group: GROUPS.what,
  describe: 'Configuration file (otherwise ~/.cas-mirror, else /etc/cas-mirror)',
}
const STRICT: FlagDefinition = { name: 'strict', type: 'boolean', group: GROUPS.what, describe: 'Refuse a configuration with unknown keys' }

const SELECTION: readonly FlagDefinition[] = [
  FILE,
  { name: 'mirror-dir', type: 'text', value: 'FOLDER', group: GROUPS.what, describe: 'Folder of the mirror' },
  { name: 'channel', alias: ['c'], type: 'texts', value: 'URL', group: GROUPS.what, describe: 'Channel to mirror, instead of the configured ones (repeatable)' },
  { name: 'platform', alias: ['p'], type: 'texts', value: 'NAME', group: GROUPS.what, describe: 'Platform to mirror, instead of the configured ones (repeatable)' },
  STRICT,
]

const CARRYING_OUT: readonly FlagDefinition[] = [
  { name: 'reuse', type: 'text', value: 'POLICY', group: GROUPS.what, describe: 'A name that upstream used again: replace, after-grace, keep or drop' },
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

const DRY_RUN: FlagDefinition = { name: 'dry-run', alias: ['n'], type: 'boolean', group: GROUPS.safety, describe: 'Show what would happen, and change nothing' }

const OUTPUT: readonly FlagDefinition[] = [
  { name: 'json', type: 'boolean', group: GROUPS.output, describe: 'Print events as NDJSON; the last line is the result or the error' },
  { name: 'quiet', alias: ['q'], type: 'boolean', group: GROUPS.output, describe: 'Print nothing but warnings and errors' },
  { name: 'log-level', alias: ['l'], type: 'text', value: 'LEVEL', group: GROUPS.output, describe: 'CRITICAL, ERROR, WARNING, INFO or DEBUG (INFO)' },
  { name: 'verbose', alias: ['v'], type: 'boolean', group: GROUPS.output, describe: 'Short for --log-level DEBUG' },
]

const SHOW_CONFIG: FlagDefinition = {
  name: 'config', alias: ['show-config', 'show'], type: 'boolean', group: GROUPS.output, describe: 'Show the running configuration, and exit',
}
const SHOW_SECRETS: FlagDefinition = { name: 'show-secrets', type: 'boolean', group: GROUPS.output, describe: 'With it, show tokens and passwords' }

const IMPORTING: readonly FlagDefinition[] = [
  { name: 'from', type: 'text', value: 'TOOL', group: GROUPS.importing, describe: 'Whose configuration it is: auto, conda-mirror, conda-mirror-rs or anaconda-mirror (auto)' },
  { name: 'output', type: 'text', value: 'FILE', group: GROUPS.importing, describe: 'Write to a new file, instead of stdout' },
]

/** The commands of `mirror`. */
export type MirrorCommand = 'sync' | 'plan' | 'explain' | 'verify' | 'status' | 'config'

/** A word that a command takes beside its flags. */
export interface WordDefinition {
  readonly name: string
  readonly describe: string
  readonly choices?: readonly string[]
  /** Default false. Optional ones come last. */
  readonly optional?: boolean
}

/** A command with its words and flags, as the help and the reference page tell it. */
export interface CommandDefinition {
  readonly name: MirrorCommand
  readonly describe: string
  readonly words?: readonly WordDefinition[]
  readonly flags: readonly FlagDefinition[]
  readonly examples: readonly (readonly [string, string])[]
}

/** Every command of `mirror`, in the order of the help. */
export const COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'sync',
    describe: 'Bring the mirror up to date with upstream',
    flags: [...SELECTION, ...CARRYING_OUT, DRY_RUN, ...OUTPUT],
    examples: [
      ['mirror sync', 'with ~/.cas-mirror or /etc/cas-mirror'],
      ['mirror sync -f mirror.yaml --json', 'for programs'],
      ['mirror sync -c https://conda.example.org/main --mirror-dir ./mirror -p linux-64', 'without a file'],
    ],
  },
  {
    name: 'plan',
    describe: 'Show what a sync would do, and change nothing',
    flags: [...SELECTION, ...CARRYING_OUT, ...OUTPUT],
    examples: [['mirror plan -f mirror.yaml', 'counts and bytes, a line per subdir, and what each rule does']],
  },
  {
    name: 'explain',
    describe: 'Say which rule decides about an artifact, and what depends on it',
    words: [{ name: 'artifact', describe: 'Its file name, or <subdir>/<file name>' }],
    flags: [...SELECTION, ...OUTPUT],
    examples: [['mirror explain numpy-2.1.0-py312h1103770_0.conda', 'in every configured channel, as upstream is now']],
  },
  {
    name: 'verify',
    describe: 'Check that everything that the mirror lists is there, whole',
    flags: [...SELECTION, ...OUTPUT],
    examples: [
      ['mirror verify -f mirror.yaml', 'every configured channel'],
      ['mirror verify --mirror-dir /srv/mirror', 'every channel that is found in a folder'],
    ],
  },
  {
    name: 'status',
    describe: 'Show what the mirror holds and how old it is',
    flags: [...SELECTION, ...OUTPUT],
    examples: [['mirror status', 'quick: nothing is walked or read over the network']],
  },
  {
    name: 'config',
    describe: 'Show the running configuration as a file that can be used, or import that of another tool',
    words: [
      { name: 'action', describe: 'What to do (show)', choices: ['show', 'import'], optional: true },
      { name: 'source', describe: 'The configuration to import', optional: true },
    ],
    flags: [...SELECTION, ...CARRYING_OUT.slice(0, 5), { ...SHOW_SECRETS, describe: 'Show tokens and passwords' }, ...IMPORTING],
    examples: [
      ['mirror config -f mirror.yaml', 'fails when the file is wrong'],
      ['mirror config import conda-mirror.yaml --output mirror.yaml', 'from conda-mirror or anaconda-mirror'],
    ],
  },
]

/** The flags of `cas-sync`: those of the tool of that name, and those of `mirror sync`. */
export const CAS_SYNC_FLAGS: readonly FlagDefinition[] = [...SELECTION, ...CARRYING_OUT, DRY_RUN, SHOW_CONFIG, SHOW_SECRETS, ...OUTPUT]

/** A command as yargs reads it: `explain <artifact>`. */
export function formatCommand({ name, words = [] }: CommandDefinition): string {
  return [name, ...words.map((word) => (word.optional === true ? `[${word.name}]` : `<${word.name}>`))].join(' ')
}

/** Reads parsed arguments, whatever parsed them. Of a flag that takes one value and is given twice the last one holds. */
export function toFlags(args: Readonly<Record<string, unknown>>, words: readonly WordDefinition[] = []): Flags {
  const text = (name: string): string | undefined => {
    const value: unknown = Array.isArray(args[name]) ? args[name].at(-1) : args[name]
    return typeof value === 'string' ? value : undefined
  }
  const texts = (name: string): readonly string[] => (Array.isArray(args[name]) ? args[name].map(String) : [])
  const on = (name: string): boolean => args[name] === true
  return {
    file: text('file'),
    mirrorDir: text('mirror-dir'),
    channels: texts('channel'),
    platforms: texts('platform').flatMap((names) => names.split(',')),
    concurrency: text('concurrency'),
    bandwidth: text('bandwidth'),
    timeout: text('timeout'),
    reuse: text('reuse'),
    grace: text('grace'),
    maxDelete: text('max-delete'),
    reserve: text('reserve'),
    dryRun: on('dry-run'),
    partial: on('partial'),
    strict: on('strict'),
    adopt: args['adopt'] !== false,
    allowEmpty: on('allow-empty'),
    allowShrink: on('allow-shrink'),
    allowSelection: on('allow-selection'),
    allowRollback: on('allow-rollback'),
    json: on('json'),
    quiet: on('quiet'),
    logLevel: text('log-level'),
    verbose: on('verbose'),
    config: on('config'),
    showSecrets: on('show-secrets'),
    from: text('from'),
    output: text('output'),
    words: Object.fromEntries(words.map(({ name }) => [name, text(name)])),
  }
}
