import { CARRYING_OUT, DRY_RUN, type FlagDefinition, METRICS, OUTPUT, pick, SELECTION, SHOW_CONFIG, SHOW_SECRETS, UPLOADING } from './flag-definitions.ts'
import { COMMANDS, type MirrorCommand, type WordDefinition } from './flags.ts'

/** The flags of `cas-sync`: those of the tool of that name, and those of `mirror sync`. */
export const CAS_SYNC_FLAGS: readonly FlagDefinition[] = [...SELECTION, ...CARRYING_OUT, DRY_RUN, METRICS, SHOW_CONFIG, SHOW_SECRETS, ...OUTPUT]

/** A command that is a program of its own, under the name that cas-mirror had for it: flags and words as there, and `--config`. */
export interface FrontDoor {
  readonly command: MirrorCommand
  readonly describe: string
  readonly flags: readonly FlagDefinition[]
  readonly words: readonly WordDefinition[]
  readonly examples: readonly (readonly [string, string])[]
  /** The API that the program speaks, where its name says so. */
  readonly api?: 'v4' | 'v5'
}

const UPLOAD_FLAGS: readonly FlagDefinition[] = [
  ...pick(SELECTION, 'file', 'mirror-dir', 'platform', 'strict'), ...UPLOADING, ...pick(CARRYING_OUT, 'bandwidth', 'timeout', 'max-delete', 'allow-empty', 'allow-shrink'), DRY_RUN, SHOW_CONFIG, SHOW_SECRETS, ...OUTPUT,
]

const MERGE = COMMANDS.find(({ name }) => name === 'merge')
const SERVE = COMMANDS.find(({ name }) => name === 'serve')

/** The front doors by their names. */
export const FRONT_DOORS: Readonly<Record<'cas-sync' | 'cas-merge' | 'cas-sync-api-v4' | 'cas-sync-api-v5' | 'cas-server', FrontDoor>> = {
  'cas-sync': {
    command: 'sync', describe: 'Bring the mirror up to date with upstream', flags: CAS_SYNC_FLAGS, words: [],
    examples: [['cas-sync -f mirror.yaml', 'with a file'], ['cas-sync -f mirror.yaml --config', 'check it, and show what holds']],
  },
  'cas-merge': {
    command: 'merge', describe: MERGE?.describe ?? '', flags: [...MERGE?.flags ?? [], SHOW_CONFIG, SHOW_SECRETS], words: MERGE?.words ?? [],
    examples: [['cas-merge -f mirror.yaml', 'what is in delta_dir'], ['cas-merge /media/usb/delta_pkgs /srv/mirror', 'without a file']],
  },
  'cas-sync-api-v4': {
    command: 'upload', api: 'v4', describe: 'Bring an Anaconda repository (API v4) up to date with upstream', flags: UPLOAD_FLAGS, words: [],
    examples: [['cas-sync-api-v4 -f mirror.yaml --config', 'check it, and show what holds'], ['cas-sync-api-v4 -f mirror.yaml --dry-run', 'what would be uploaded'], ['cas-sync-api-v4 -f mirror.yaml', 'to dest_site, into the account dest_channel']],
  },
  'cas-sync-api-v5': {
    command: 'upload', api: 'v5', describe: 'Bring a channel of an Anaconda Server up to date with upstream',
    flags: UPLOAD_FLAGS.map((flag) => (flag.name === 'clean' ? { ...flag, alias: ['c'] } : flag)), words: [],
    examples: [['cas-sync-api-v5 -f mirror.yaml', 'to dest_site, into the channel dest_channel'], ['cas-sync-api-v5 -f mirror.yaml -vc', 'and remove there what upstream lists no more']],
  },
  'cas-server': {
    command: 'serve', describe: SERVE?.describe ?? '', flags: [...SERVE?.flags ?? [], SHOW_CONFIG, SHOW_SECRETS], words: [],
    examples: [['cas-server -f mirror.yaml', 'on every address of this machine'], ['cas-server -f mirror.yaml --port 8080', 'on a port that needs no rights']],
  },
}
