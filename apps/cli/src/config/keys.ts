/** A key of the configuration, as the reference page tells it. */
export interface KeyReference {
  readonly key: string
  /** What may stand there. */
  readonly takes: string
  /** What holds when it is left out. */
  readonly standard: string
  readonly meaning: string
  /** The first version of this tool that carries it out; `cas-mirror` for a key that the tool of that name had. */
  readonly since: string
}

const VARIANTS: readonly KeyReference[] = [
  { key: 'variants.zst', takes: '`true` or `false`', standard: '`true`', meaning: 'Publish `repodata.json.zst`.', since: '0.1.0' },
  { key: 'variants.shards', takes: '`true` or `false`', standard: '`true`', meaning: 'Publish the sharded index (CEP 16).', since: '0.1.0' },
  {
    key: 'variants.bz2',
    takes: '`true`, `false` or `upstream`',
    standard: '`upstream`',
    meaning: 'Publish `repodata.json.bz2`; `upstream`: only where upstream has one that decodes to the published index.',
    since: '0.1.0',
  },
]

const TIMEOUTS: readonly KeyReference[] = [
  { key: 'timeouts.connect', takes: 'a duration above 0', standard: '`10s`', meaning: 'How long a connection may take to be made.', since: '0.1.0' },
  { key: 'timeouts.idle', takes: 'a duration above 0', standard: '`30s`', meaning: 'How long a server may send nothing before the request counts as failed.', since: '0.1.0' },
]

const CHANNEL: readonly KeyReference[] = [
  { key: 'channels[].url', takes: 'a channel: URL, folder or name', standard: '', meaning: 'The channel, in the long form of an entry.', since: '0.1.0' },
  {
    key: 'channels[].path',
    takes: 'a relative path',
    standard: 'the path of the URL, without a token',
    meaning: 'The folder below `mirror_dir` that the channel is kept in. No two channels may share one.',
    since: '0.1.0',
  },
  { key: 'channels[].platforms', takes: 'a platform or a list of them', standard: '`platforms`', meaning: 'The platforms of this channel alone.', since: '0.1.0' },
]

/** Every key that has a meaning, in the order of the reference page. */
export const KEYS: readonly KeyReference[] = [
  { key: 'mirror_dir', takes: 'a path', standard: '`/opt/cas-mirror`', meaning: 'The folder of the mirror. A relative one is looked for from the working directory.', since: 'cas-mirror' },
  {
    key: 'channels',
    takes: 'a channel or a list of them',
    standard: '`pkgs/main`, `pkgs/free` and `pkgs/pro` below `remote_url`',
    meaning: 'The channels to mirror: `https://`, `http://` and `file://` URLs, paths, URLs with a token (`/t/<TOKEN>/`), or names below `channel_alias`. A long form has more keys.',
    since: 'cas-mirror',
  },
  ...CHANNEL,
  {
    key: 'platforms',
    takes: 'a platform or a list of them',
    standard: 'osx-32, osx-64, win-32, win-64, linux-32, linux-64, linux-armv6l, linux-armv7l, linux-ppc64le',
    meaning: 'The subdirs to mirror. `noarch` comes with any of them. A known one that a channel lacks is skipped with a note.',
    since: 'cas-mirror',
  },
  { key: 'noarch', takes: '`true` or `false`', standard: '`true`', meaning: 'Whether `noarch` comes with the platforms. Without it most packages cannot be installed.', since: '0.1.0' },
  {
    key: 'remote_url',
    takes: 'a URL, or `""`',
    standard: '`https://repo.anaconda.com/`',
    meaning: 'Where the channels are that hold when `channels` is left out. `""` says that installers are not wanted; the channels do not depend on it.',
    since: 'cas-mirror',
  },
  {
    key: 'channel_alias',
    takes: 'a URL',
    standard: '`https://conda.anaconda.org/`',
    meaning: 'What a channel without a scheme, such as `conda-forge`, is completed with.',
    since: '0.1.0',
  },
  { key: 'variants', takes: 'a mapping', standard: '', meaning: 'Which forms of each index are published beside `repodata.json`.', since: '0.1.0' },
  ...VARIANTS,
  {
    key: 'reuse',
    takes: '`replace`, `after-grace`, `keep` or `drop`',
    standard: '`replace`',
    meaning: 'What happens to an artifact whose name upstream used again for other bytes.',
    since: '0.1.0',
  },
  { key: 'grace', takes: 'a duration, or `0`', standard: '`24h`', meaning: 'How long bytes that no index names any more are kept. `0` removes them in the same run, after the switch.', since: '0.1.0' },
  { key: 'concurrency', takes: 'a whole number from 1 to 256', standard: '`32`', meaning: 'How many artifacts are fetched at once.', since: '0.1.0' },
  { key: 'bandwidth', takes: 'a rate such as `10MB/s`', standard: 'no limit', meaning: 'How much may be fetched in a second, all artifacts together.', since: '0.1.0' },
  { key: 'timeouts', takes: 'a mapping', standard: '', meaning: 'How long to wait for a server.', since: '0.1.0' },
  ...TIMEOUTS,
  {
    key: 'ssl_verify',
    takes: '`true` or the path of a file',
    standard: '`true`',
    meaning: 'A file with the certificates (PEM) of the authorities to trust, beside those that the system knows.',
    since: '0.1.0',
  },
  {
    key: 'fetch_installers',
    takes: '`true` or `false`',
    standard: '`true`',
    meaning: 'This version does not mirror installers, and says so once in each run; `false` (or `remote_url: ""`) silences that.',
    since: 'cas-mirror',
  },
  { key: 'check_md5', takes: '`true` or `false`', standard: '`true`', meaning: 'Accepted and without effect: what is there is always verified before it is used.', since: 'cas-mirror' },
  { key: 'verbose', takes: 'a number, or `true` or `false`', standard: '', meaning: 'Accepted and without effect: use `--verbose` or `--log-level`.', since: 'cas-mirror' },
]

/** Keys of cas-mirror that this version does not carry out: refused where they would have an effect, accepted where they are empty or false. */
export const UNSUPPORTED_KEYS: readonly { readonly key: string; readonly meaning: string }[] = [
  { key: 'delta', meaning: 'Record the changes in `delta_dir` instead of applying them.' },
  { key: 'delta_dir', meaning: 'Where the delta goes.' },
  { key: 'dest_site', meaning: 'The site that `cas-sync-api-v4` pushes to.' },
  { key: 'dest_channel', meaning: 'The account or channel that `cas-sync-api-v4` pushes to.' },
  { key: 'blacklist', meaning: 'Names of packages to leave out.' },
  { key: 'whitelist', meaning: 'Names of packages to add back.' },
  { key: 'license_blacklist', meaning: 'Families of licences to leave out.' },
  { key: 'pkg_list', meaning: 'Names of the only packages to mirror.' },
  { key: 'python_versions', meaning: 'The Pythons whose packages are mirrored.' },
]

/** The keys that may stand at the top (`''`) or in the mapping of the given name. */
export function knownKeys(parent: '' | 'variants' | 'timeouts' | 'channels[]'): readonly string[] {
  const start = parent === '' ? '' : `${parent}.`
  const own = KEYS.map((reference) => reference.key).filter((key) => key.startsWith(start)).map((key) => key.slice(start.length))
  const plain = own.filter((key) => !key.includes('.') && !key.includes('['))
  return parent === '' ? [...plain, ...UNSUPPORTED_KEYS.map((unsupported) => unsupported.key)] : plain
}
