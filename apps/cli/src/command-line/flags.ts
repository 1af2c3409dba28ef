import { SHELLS } from './choices.ts'
import {
  CARRYING_OUT, COMPARING, CREATING, DRY_RUN, type FlagDefinition, GROUPS, IMPORTING, INSPECTING, MERGING, METRICS, OUTPUT, pick, SELECTION, SERVING, SHOW_SECRETS, TO, TOKEN_LIMITS, UPLOADING,
} from './flag-definitions.ts'

export type { FlagDefinition } from './flag-definitions.ts'
export { type Flags, toFlags } from './parsed-flags.ts'

/** The commands of `mirror`. */
export type MirrorCommand =
  | 'sync' | 'plan' | 'explain' | 'verify' | 'status' | 'prune' | 'rollback' | 'snapshot' | 'adopt' | 'merge' | 'delta create' | 'delta apply' | 'delta inspect' | 'delta request' | 'delta new-key' | 'diff' | 'upload' | 'serve' | 'token new' | 'config' | 'completion'

/** A word that a command takes beside its flags. */
export interface WordDefinition {
  readonly name: string
  readonly describe: string
  readonly choices?: readonly string[]
  /** Default false. Optional ones come last. */
  readonly optional?: boolean
  /** As many as there are; the last word then. Default false. */
  readonly repeatable?: boolean
  /** `-` stands for stdin or stdout. Default false. */
  readonly pipe?: boolean
  /** What it is the path of, where it may be one. */
  readonly path?: 'file' | 'folder'
}

/** A command with its words and flags, as the help and the reference page tell it. */
export interface CommandDefinition {
  /** One word, or two where several commands belong together. */
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
    flags: [...SELECTION, ...CARRYING_OUT, DRY_RUN, METRICS, ...OUTPUT],
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
    flags: [
      ...SELECTION, ...pick(CARRYING_OUT, 'concurrency', 'bandwidth', 'timeout'),
      { name: 'full', type: 'boolean', group: GROUPS.safety, describe: 'Read every byte, also of files that have not changed since they were read' },
      { name: 'repair', type: 'boolean', group: GROUPS.safety, describe: 'Make right what is wrong, from upstream and from the copies of the indexes' },
      METRICS, ...OUTPUT,
    ],
    examples: [
      ['mirror verify -f mirror.yaml', 'every configured channel; reads what has changed since the last time'],
      ['mirror verify -f mirror.yaml --full --repair', 'reads everything, fetches what is missing or wrong'],
      ['mirror verify --mirror-dir /srv/mirror', 'every channel that is found in a folder'],
    ],
  },
  {
    name: 'status',
    describe: 'Show what the mirror holds, how old it is, what it keeps and how the last runs ended',
    flags: [...SELECTION, ...OUTPUT],
    examples: [['mirror status', 'quick: nothing is walked or read over the network']],
  },
  {
    name: 'prune',
    describe: 'Remove what left the configuration and what is due in the trash',
    flags: [
      ...SELECTION, ...pick(CARRYING_OUT, 'grace', 'max-delete', 'allow-selection'),
      {
        name: 'remove-channel', type: 'texts', value: 'FOLDER', group: GROUPS.safety,
        describe: 'Remove the channel in this folder of the mirror, which the configuration does not name (repeatable)',
      },
      DRY_RUN, METRICS, ...OUTPUT,
    ],
    examples: [
      ['mirror prune -f mirror.yaml --dry-run', 'what would go, and how much'],
      ['mirror prune -f mirror.yaml --remove-channel old-channel', 'after it was taken out of the configuration'],
    ],
  },
  {
    name: 'rollback',
    describe: 'Publish an older state again; the next sync brings that of upstream back',
    flags: [
      ...SELECTION,
      { name: 'to', type: 'text', value: 'GENERATION', group: GROUPS.what, describe: 'The number of a generation, or the name of a snapshot (the state before this one)' },
      { name: 'list', type: 'boolean', group: GROUPS.what, describe: 'Show what can be rolled back to' },
      DRY_RUN, ...OUTPUT,
    ],
    examples: [
      ['mirror rollback -c conda-forge --list', 'what there is'],
      ['mirror rollback -c conda-forge --to 41', 'one channel, by number'],
      ['mirror rollback -f mirror.yaml --to before-upgrade', 'every channel, by the name of a snapshot'],
    ],
  },
  {
    name: 'snapshot',
    describe: 'Name a generation, so that it is kept',
    words: [
      { name: 'action', describe: 'What to do (list)', choices: ['create', 'list', 'delete'], optional: true },
      { name: 'name', describe: 'The name: a-z, 0-9, ".", "_" and "-"', optional: true },
    ],
    flags: [
      ...SELECTION,
      { name: 'generation', type: 'text', value: 'NUMBER', group: GROUPS.what, describe: 'The generation to name (the newest)' },
      DRY_RUN, ...OUTPUT,
    ],
    examples: [
      ['mirror snapshot create 2026-q1', 'in every configured channel'],
      ['mirror snapshot list', 'what is kept by name'],
      ['mirror snapshot delete 2026-q1', 'what only it kept goes with the next prune or sync'],
    ],
  },
  {
    name: 'adopt',
    describe: 'Take over trees that another tool made, as they lie: verified, nothing fetched',
    flags: [...SELECTION, ...pick(CARRYING_OUT, 'partial'), DRY_RUN, ...OUTPUT],
    examples: [
      ['mirror adopt --mirror-dir /srv/conda --dry-run', 'every channel that is found in a folder'],
      ['mirror adopt -f mirror.yaml', 'every configured channel'],
    ],
  },
  {
    name: 'merge',
    describe: 'Apply a delta, which a sync with `delta: true` or conda-diff-tar made, to the mirror',
    words: [
      { name: 'delta', describe: 'A delta directory, a tarball, a folder with its volumes, or - for stdin (delta_dir)', optional: true, pipe: true, path: 'file' },
      { name: 'mirror', describe: 'The folder of the mirror (mirror_dir)', optional: true, path: 'folder' },
    ],
    flags: [...pick(SELECTION, 'file', 'mirror-dir', 'strict'), ...MERGING, ...pick(CARRYING_OUT, 'grace'), DRY_RUN, ...OUTPUT],
    examples: [
      ['mirror merge -f mirror.yaml', 'what is in delta_dir'],
      ['mirror merge /media/usb/delta_pkgs /srv/mirror', 'without a file'],
    ],
  },
  {
    name: 'delta create',
    describe: 'Make a delta of what the mirror holds and the other side lacks',
    words: [{ name: 'delta', describe: 'A folder, NAME.tar for a tarball, or - for stdout (delta_dir)', optional: true, pipe: true, path: 'file' }],
    flags: [...pick(SELECTION, 'file', 'mirror-dir', 'channel', 'strict'), ...CREATING, DRY_RUN, ...OUTPUT],
    examples: [
      ['mirror delta create full.tar -f mirror.yaml', 'from nothing, for a side that has nothing'],
      ['mirror delta create update.tar --since request.jsonl', 'what fits the side that wrote the request'],
      ['mirror delta create /media/usb/delta --since @2026-q1 --dry-run', 'what it would carry, since a snapshot'],
    ],
  },
  {
    name: 'delta apply',
    describe: 'Apply a delta to the mirror, like merge: verified whole before anything changes',
    words: [{ name: 'delta', describe: 'A delta directory, a tarball or all of its volumes, or - for stdin (delta_dir)', optional: true, repeatable: true, pipe: true, path: 'file' }],
    flags: [...pick(SELECTION, 'file', 'mirror-dir', 'strict'), ...MERGING, ...pick(CARRYING_OUT, 'grace'), DRY_RUN, ...OUTPUT],
    examples: [
      ['mirror delta apply update.tar --mirror-dir /srv/mirror', 'a tarball'],
      ['mirror delta apply /media/a/u.vol001.tar /media/b/u.vol002.tar', 'volumes, in any order'],
    ],
  },
  {
    name: 'delta inspect',
    describe: 'Show what a delta carries, what it starts from, and who signed it',
    words: [{ name: 'delta', describe: 'A delta directory, a tarball or all of its volumes, or - for stdin (delta_dir)', optional: true, repeatable: true, pipe: true, path: 'file' }],
    flags: [...pick(SELECTION, 'file', 'strict'), ...INSPECTING, ...OUTPUT],
    examples: [
      ['mirror delta inspect update.tar', 'reads the manifest alone'],
      ['mirror delta inspect update.tar --verify --key near.pub', 'reads every byte'],
    ],
  },
  {
    name: 'delta request',
    describe: 'Write down what the mirror holds, so that the other side makes the delta that fits',
    words: [{ name: 'request', describe: 'The file to write, or - for stdout (request.jsonl)', optional: true, pipe: true, path: 'file' }],
    flags: [...pick(SELECTION, 'file', 'mirror-dir', 'channel', 'strict'), ...OUTPUT],
    examples: [['mirror delta request --mirror-dir /srv/mirror', 'a small file: names, sizes and checksums']],
  },
  {
    name: 'delta new-key',
    describe: 'Make a key pair: NAME.key signs deltas, NAME.pub verifies them',
    words: [{ name: 'name', describe: 'Where to write it, without the endings', path: 'file' }],
    flags: [...pick(SELECTION, 'file', 'strict'), ...OUTPUT],
    examples: [['mirror delta new-key near', 'near.key and near.pub, as minisign has them']],
  },
  {
    name: 'diff',
    describe: 'Show what differs between two states of channels',
    words: [
      { name: 'before', describe: 'A folder, the URL of a channel, a reference, a delta (what it leads to), or @NAME for a snapshot or generation', path: 'file' },
      { name: 'after', describe: 'Likewise (the mirror)', optional: true, path: 'file' },
    ],
    flags: [...SELECTION, ...COMPARING, ...pick(CARRYING_OUT, 'timeout'), ...OUTPUT],
    examples: [
      ['mirror diff @41', 'what changed in the mirror since generation 41'],
      ['mirror diff /srv/mirror update.tar --list', 'what a delta would change'],
      ['mirror diff /srv/mirror/main https://conda.example.org/main', 'a channel of the mirror, and upstream'],
    ],
  },
  {
    name: 'upload',
    describe: 'Bring a channel of a repository server up to date with upstream: what it lacks is uploaded',
    flags: [TO, ...SELECTION, ...UPLOADING, ...pick(CARRYING_OUT, 'bandwidth', 'timeout', 'max-delete', 'allow-empty', 'allow-shrink'), DRY_RUN, ...OUTPUT],
    examples: [
      ['mirror upload -f mirror.yaml --dry-run', 'what would be uploaded, what is there, and what differs'],
      ['mirror upload -f mirror.yaml --to quetz+https://quetz.example.org/main', 'to a quetz'],
    ],
  },
  {
    name: 'serve',
    describe: 'Serve the mirror over HTTP to conda, mamba and pixi, until it is stopped',
    flags: [...pick(SELECTION, 'file', 'mirror-dir', 'strict'), ...SERVING, ...OUTPUT],
    examples: [
      ['mirror serve -f mirror.yaml', 'on every address of this machine'],
      ['mirror serve --mirror-dir ./mirror --host 127.0.0.1 --port 8080', 'a folder, for this machine alone'],
    ],
  },
  {
    name: 'token new',
    describe: 'Make a token for those who may read what `serve` serves: it is shown once, and only its hash is kept',
    words: [{ name: 'name', describe: 'Whose it is, or what for: it stands in the access log' }],
    flags: [...pick(SELECTION, 'file', 'strict'), ...TOKEN_LIMITS, ...OUTPUT],
    examples: [
      ['mirror token new ci --expires 90d --tokens access/tokens', 'the server takes it within seconds'],
      ['mirror token new guest --for conda-forge', 'the line for the file of tokens is printed'],
    ],
  },
  {
    name: 'config',
    describe: 'Show the running configuration as a file that can be used, or import that of another tool',
    words: [
      { name: 'action', describe: 'What to do (show)', choices: ['show', 'import'], optional: true },
      { name: 'source', describe: 'The configuration to import', optional: true, path: 'file' },
    ],
    flags: [...SELECTION, ...CARRYING_OUT.slice(0, 5), { ...SHOW_SECRETS, describe: 'Show tokens and passwords' }, ...IMPORTING],
    examples: [
      ['mirror config -f mirror.yaml', 'fails when the file is wrong'],
      ['mirror config import conda-mirror.yaml --output mirror.yaml', 'from conda-mirror or anaconda-mirror'],
    ],
  },
  {
    name: 'completion',
    describe: 'Print what makes a shell complete these commands',
    words: [{ name: 'shell', describe: 'The shell', choices: SHELLS }],
    flags: [],
    examples: [['eval "$(mirror completion bash)"', 'in ~/.bashrc; likewise zsh, after compinit, in ~/.zshrc'], ['mirror completion fish | source', 'in ~/.config/fish/config.fish']],
  },
]

/** What commands of two words have in common, by the first word. */
export const FAMILIES: Readonly<Record<string, string>> = { delta: 'Make, apply or look at deltas, which carry changes across an air gap', token: 'Make tokens for those who may read the mirror' }

/** The command that a line starts with, and what follows it; undefined when it starts with none. */
export function findCommand(argv: readonly string[]): { readonly command: CommandDefinition; readonly rest: readonly string[] } | undefined {
  const [first = '', second = ''] = argv
  const isFamily = Object.hasOwn(FAMILIES, first)
  const command = COMMANDS.find(({ name }) => name === (isFamily ? `${first} ${second}` : first))
  return command === undefined ? undefined : { command, rest: argv.slice(isFamily ? 2 : 1) }
}

/** A command as yargs reads it: `explain <artifact>`. */
export function formatCommand({ name, words = [] }: Pick<CommandDefinition, 'words'> & { readonly name: string }): string {
  return [name, ...words.map(formatWord)].join(' ')
}

function formatWord({ name, optional, repeatable }: WordDefinition): string {
  const shown = repeatable === true ? `${name}..` : name
  return optional === true ? `[${shown}]` : `<${shown}>`
}
