import { type KeyGroup, type KeyReference, NEXT } from './key-reference.ts'
import { SELECTION } from './selection-keys.ts'
import { SERVING_KEYS } from './serving-keys.ts'
import { UPLOADING_KEYS } from './uploading-keys.ts'

const CHANNELS: KeyGroup = {
  title: 'What is mirrored, and where to',
  text: '',
  keys: [
    { key: 'mirror_dir', takes: 'a path', standard: '`/opt/cas-mirror`', meaning: 'The folder of the mirror. A relative one is looked for from the working directory.', since: 'cas-mirror' },
    { key: 'delta_sign', takes: 'a path', meaning: 'The secret key that signs deltas: a file of `mirror delta new-key`, or of minisign.', since: '0.1.0' },
    {
      key: 'delta_keys',
      takes: 'a list of keys, each its text or the path of a `.pub` file',
      meaning: 'Take no delta that none of these signed: `cas-merge`, `mirror delta apply` and `inspect` refuse it.',
      since: '0.1.0',
    },
    {
      key: 'channels',
      takes: 'a channel or a list of them',
      standard: '`pkgs/main`, `pkgs/free` and `pkgs/pro` below `remote_url`',
      meaning: 'The channels to mirror: `https://`, `http://` and `file://` URLs, paths, URLs with a token (`/t/<TOKEN>/`), or names below `channel_alias`. A long form has more keys.',
      since: 'cas-mirror',
    },
    { key: 'channels[].url', takes: 'a channel: URL, folder or name', meaning: 'The channel, in the long form of an entry.', since: '0.1.0' },
    {
      key: 'channels[].path',
      takes: 'a relative path',
      standard: 'the path of the URL, without a token',
      meaning: 'The folder below `mirror_dir` that the channel is kept in. No two channels may share one.',
      since: '0.1.0',
    },
    { key: 'channels[].platforms', takes: 'a platform or a list of them', standard: '`platforms`', meaning: 'The platforms of this channel alone.', since: '0.1.0' },
    { key: 'channels[].budget', takes: 'a mapping, or `false`', standard: '`budget`', meaning: 'The budget of this channel alone.', since: NEXT },
    {
      key: 'platforms',
      takes: 'a platform or a list of them',
      standard: 'osx-32, osx-64, win-32, win-64, linux-32, linux-64, linux-armv6l, linux-armv7l, linux-ppc64le',
      meaning: 'The subdirs to mirror. `noarch` comes with any of them. A known one that a channel lacks is skipped with a note.',
      since: 'cas-mirror',
    },
    { key: 'noarch', takes: '`true` or `false`', standard: '`true`', meaning: 'Whether `noarch` comes with the platforms. Without it most packages cannot be installed.', since: '0.1.0' },
    {
      key: 'channel_alias',
      takes: 'a URL',
      standard: '`https://conda.anaconda.org`',
      meaning: 'What a channel without a scheme, such as `conda-forge`, is completed with.',
      since: '0.1.0',
    },
    {
      key: 'remote_url',
      takes: 'a URL, a path, or `""`',
      standard: '`https://repo.anaconda.com/`',
      meaning: 'Where the installers are, and the channels that hold when `channels` is left out. `""` says that installers are not wanted; the channels do not depend on it.',
      since: 'cas-mirror',
    },
    {
      key: 'fetch_installers',
      takes: '`true` or `false`',
      standard: '`true`',
      meaning: 'Whether the Anaconda and Miniconda installers of the platforms are mirrored. `false` leaves them out, and only them.',
      since: 'cas-mirror',
    },
    { key: 'installers', takes: '`all`, or a mapping', meaning: 'Which installers. `all`: those of all versions.', since: NEXT },
    { key: 'installers.latest', takes: 'a whole number above 0', standard: '`1`', meaning: 'So many versions of each product and platform: the newest ones.', since: NEXT },
  ],
}

const DERIVATIVE = (key: string, file: string): KeyReference => ({ key: `derivatives.${key}`, takes: '`true` or `false`', standard: '`false`', meaning: `Publish \`${file}\`.`, since: NEXT })

const PUBLISHING: KeyGroup = {
  title: 'What is published, and kept',
  text: '',
  keys: [
    { key: 'variants', takes: 'a mapping', meaning: 'Which forms of each index are published beside `repodata.json`.', since: '0.1.0' },
    { key: 'variants.zst', takes: '`true` or `false`', standard: '`true`', meaning: 'Publish `repodata.json.zst`.', since: '0.1.0' },
    { key: 'variants.shards', takes: '`true` or `false`', standard: '`true`', meaning: 'Publish the sharded index (CEP 16).', since: '0.1.0' },
    {
      key: 'variants.bz2',
      takes: '`true`, `false` or `upstream`',
      standard: '`upstream`',
      meaning: 'Publish `repodata.json.bz2`; `upstream`: only where upstream has one that decodes to the published index.',
      since: '0.1.0',
    },
    {
      key: 'derivatives',
      takes: 'a mapping',
      meaning: 'Which files that are derived from an index are published: each filtered from that of upstream, where upstream has it. What is switched off is removed, never left behind.',
      since: NEXT,
    },
    DERIVATIVE('current_repodata', 'current_repodata.json'),
    DERIVATIVE('run_exports', 'run_exports.json'),
    DERIVATIVE('channeldata', 'channeldata.json'),
    DERIVATIVE('repodata_from_packages', 'repodata_from_packages.json'),
    DERIVATIVE('patch_instructions', 'patch_instructions.json'),
    {
      key: 'reuse',
      takes: '`replace`, `after-grace`, `keep` or `drop`',
      standard: '`replace`',
      meaning: 'What happens to an artifact whose name upstream used again for other bytes.',
      since: '0.1.0',
    },
    { key: 'grace', takes: 'a duration, or `0`', standard: '`24h`', meaning: 'How long bytes that no index names any more are kept. `0` removes them in the same run, after the switch.', since: '0.1.0' },
    { key: 'retain', takes: 'a whole number', standard: '`0`', meaning: 'How many superseded generations of each channel are kept, with everything that they list, so that `mirror rollback` can return to them.', since: NEXT },
    { key: 'file_mode', takes: 'permissions in octal, such as `0640`', standard: '`0644`', meaning: 'The permissions of published files. The owner must be able to read them.', since: NEXT },
    {
      key: 'directory_mode',
      takes: 'permissions in octal, such as `0750` or `2775`',
      standard: '`0755`',
      meaning: 'The permissions of published folders. The owner must be able to do everything.',
      since: NEXT,
    },
    { key: 'group', takes: 'a name or a number', standard: 'that of the process', meaning: 'The group that published files and folders are given to.', since: NEXT },
    {
      key: 'metrics_file',
      takes: 'a path',
      standard: 'none',
      meaning: 'A file that each run writes for the textfile collector of Prometheus. A relative one is looked for from the working directory.',
      since: NEXT,
    },
  ],
}

const FETCHING: KeyGroup = {
  title: 'How it is fetched',
  text: '',
  keys: [
    { key: 'concurrency', takes: 'a whole number from 1 to 256', standard: '`32`', meaning: 'How many artifacts are fetched at once.', since: '0.1.0' },
    { key: 'bandwidth', takes: 'a rate such as `10MB/s`', standard: 'no limit', meaning: 'How much may be fetched in a second, all artifacts together.', since: '0.1.0' },
    { key: 'timeouts', takes: 'a mapping', meaning: 'How long to wait for a server.', since: '0.1.0' },
    { key: 'timeouts.connect', takes: 'a duration above 0', standard: '`10s`', meaning: 'How long a connection may take to be made.', since: '0.1.0' },
    { key: 'timeouts.idle', takes: 'a duration above 0', standard: '`30s`', meaning: 'How long a server may send nothing before the request counts as failed.', since: '0.1.0' },
    {
      key: 'ssl_verify',
      takes: '`true` or the path of a file',
      standard: '`true`',
      meaning: 'A file with the certificates (PEM) of the authorities to trust, beside those that the system knows.',
      since: '0.1.0',
    },
    {
      key: 'check_md5',
      takes: '`true` or `false`',
      meaning: 'Accepted and without effect. What this tool did not write itself is always verified by its hash before it is used; what it wrote was verified then. `mirror verify` reads everything again.',
      since: 'cas-mirror',
    },
    {
      key: 'verbose',
      takes: 'a whole number, or `true` or `false`',
      standard: '`1`',
      meaning: 'How much is told where neither `--verbose`, `--quiet` nor `--log-level` says so: `0` warnings, `1` or `false` information, `2` and more or `true` everything.',
      since: 'cas-mirror',
    },
    {
      key: 'delta',
      takes: '`true` or `false`',
      standard: '`false`',
      meaning: 'Record what a sync would change in `delta_dir`, with the artifacts, instead of changing the mirror; `cas-merge` applies it.',
      since: 'cas-mirror',
    },
    { key: 'delta_dir', takes: 'a path', standard: '`delta_pkgs`', meaning: 'The folder of the delta. A relative one is looked for from the working directory.', since: 'cas-mirror' },
  ],
}

/** Every key that has a meaning, in the order of the reference page. */
export const KEY_GROUPS: readonly KeyGroup[] = [CHANNELS, SELECTION, PUBLISHING, FETCHING, SERVING_KEYS, UPLOADING_KEYS]

/** The same without their groups. */
export const KEYS: readonly KeyReference[] = KEY_GROUPS.flatMap(({ keys }) => keys)

/** Keys that have keys below them. */
export const PARENTS = ['installers', 'formats', 'latest', 'closure', 'budget', 'variants', 'derivatives', 'timeouts', 'serve'] as const

/** What a mapping of keys belongs to: the top of the file, the long form of a channel, or a key. */
export type ParentKey = '' | 'channels[]' | 'serve.tls' | 'serve.access[]' | (typeof PARENTS)[number]

const isPlain = (key: string): boolean => !key.includes('.') && !key.includes('[')

/** The keys that may stand at the top (`''`), in the long form of a channel, or below the given key. */
export function knownKeys(parent: ParentKey): readonly string[] {
  const start = parent === '' ? '' : `${parent}.`
  const own = KEYS.map(({ key }) => key).filter((key) => key.startsWith(start)).map((key) => key.slice(start.length)).filter(isPlain)
  return parent === 'channels[]' ? [...own, ...SELECTION.keys.map(({ key }) => key).filter((key) => isPlain(key) && !own.includes(key))] : own
}
