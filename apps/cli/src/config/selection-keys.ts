import { type KeyGroup, NEXT } from './key-reference.ts'

/** The keys of the selection, and the budget, which may stand at the top and in the long form of a channel. */
export const SELECTION: KeyGroup = {
  title: 'The selection',
  text: `Each rule holds alone, and one that is left out changes nothing. They are applied in the order of this table, each to what the ones before it left: what \`whitelist\` or
\`include\` add back is still subject to the rules below them. \`mirror plan\` shows what each of them does, \`mirror explain\` which one decides about an artifact.

\`\`\`yaml
license_blacklist: [AGPL, GPL3]
whitelist: readline
exclude: ["*[license='*proprietary*']", "pytorch>=2", "*[build='*cuda*']"]
include: ["cuda-version", "pytorch=2.4"]
python_versions: [3.11, 3.12]
newer_than: 730d
minimum_age: 7d
formats: {prefer: conda}
latest: {versions: 5, builds: 2}
channels:
  - conda-forge
  - {url: bioconda, latest: 1, exclude: []}
budget: {bytes: 200GB}
\`\`\`

Each may stand in the long form of a channel as well, where it replaces the one at the top. \`false\`, or an empty list, switches a rule off.

Match specs are those of CEP 29: names, globs, versions, builds and, in brackets, every other field of a record that it knows, such as \`*[license='*gpl*']\`. Names and versions need no
quotes where YAML has other uses for them: \`python_versions: [3.10]\` is read as it is written.

Refused, with both lines: \`pkg_list\` beside \`license_blacklist\`, \`blacklist\` or \`whitelist\`; a \`newer_than\` that leaves no time before \`older_than\` or \`minimum_age\`; a preferred format that is
not allowed; \`formats\` or \`closure\` with nothing in it. A warning, and refused with \`--strict\`: \`whitelist\` or \`undated\` without a rule that they could belong to, and families of
licences that there are not.`,
  keys: [
    { key: 'pkg_list', takes: 'names of packages', meaning: 'Only these packages. Not together with `license_blacklist`, `blacklist` and `whitelist`.', since: 'cas-mirror' },
    { key: 'license_blacklist', takes: 'families of licences', meaning: 'Leaves out packages under these licences: which is in [licences.md](licences.md).', since: 'cas-mirror' },
    { key: 'blacklist', takes: 'names of packages', meaning: 'Leaves out these packages.', since: 'cas-mirror' },
    {
      key: 'whitelist',
      takes: 'names of packages',
      meaning: 'Adds back these packages, of those that `license_blacklist` and `blacklist` left out. Alone it changes nothing, and a warning says so.',
      since: 'cas-mirror',
    },
    { key: 'exclude', takes: 'match specs', meaning: 'Leaves out what one of them matches.', since: NEXT },
    { key: 'include', takes: 'match specs', meaning: 'With `exclude`: adds back what it left out. Alone: only what one of them matches.', since: NEXT },
    { key: 'python_versions', takes: 'versions of Python', meaning: 'Leaves out what can run on none of these. What depends on no Python stays.', since: 'cas-mirror' },
    { key: 'maximum_size', takes: 'a size such as `500MB`', meaning: 'Leaves out artifacts that are larger.', since: NEXT },
    {
      key: 'newer_than',
      takes: 'a date such as `2024-01-31`, or an age such as `90d`',
      meaning: 'Leaves out what is older: by the time at which it was indexed, else by that of its build. An age is counted from each run.',
      since: NEXT,
    },
    { key: 'older_than', takes: 'a date, or an age', meaning: 'Leaves out what is newer.', since: NEXT },
    { key: 'minimum_age', takes: 'a duration such as `7d`', meaning: 'Leaves out what is younger: a time in which others find out what is wrong with it.', since: NEXT },
    { key: 'undated', takes: '`keep` or `drop`', standard: '`keep`', meaning: 'What the three rules before do with what has no date.', since: NEXT },
    { key: 'formats', takes: '`conda`, `tar.bz2`, a list of them, or a mapping', meaning: 'Which formats of artifacts are kept.', since: NEXT },
    { key: 'formats.allow', takes: 'the same', standard: 'both', meaning: 'In the mapping: the formats that are kept.', since: NEXT },
    { key: 'formats.prefer', takes: '`conda` or `tar.bz2`', meaning: 'Leaves out an artifact that is there in this format too.', since: NEXT },
    { key: 'latest', takes: 'a whole number above 0, or a mapping', meaning: 'So many versions of each package in each subdir: the newest ones.', since: NEXT },
    { key: 'latest.versions', takes: 'a whole number above 0', standard: 'all', meaning: 'In the mapping: the same.', since: NEXT },
    { key: 'latest.builds', takes: 'a whole number above 0', standard: 'all', meaning: 'So many build numbers of each version: the highest ones, with all their variants.', since: NEXT },
    {
      key: 'closure',
      takes: 'match specs, or a mapping',
      meaning: 'Only what these need: they, and everything that some way of installing them can need, across subdirs and the channels of this configuration.',
      since: NEXT,
    },
    { key: 'closure.specs', takes: 'match specs', meaning: 'In the mapping: the same.', since: NEXT },
    {
      key: 'closure.environments',
      takes: 'paths of files',
      meaning: 'Files such as `environment.yml`: what each of them asks for is installed together. A relative path starts from the folder of the configuration.',
      since: NEXT,
    },
    {
      key: 'closure.locks',
      takes: 'paths of files',
      meaning: 'Lock files (`pixi.lock`, `conda-lock.yml`, `@EXPLICIT`); exactly what they list is kept, without further dependencies.',
      since: NEXT,
    },
    {
      key: 'closure.virtual_packages',
      takes: 'a mapping of platforms to virtual packages',
      standard: 'any that fit',
      meaning: 'What the machines of a platform have, such as `{linux-64: ["__glibc=2.28"]}`.',
      since: NEXT,
    },
    {
      key: 'closure.elsewhere',
      takes: '`true` or `false`',
      standard: '`false`',
      meaning: 'Whether what none of the mirrored channels can meet is had from others, which are not mirrored. Where it is not, what needs such a thing is left out.',
      since: NEXT,
    },
    {
      key: 'closure.exact',
      takes: '`true` or `false`',
      standard: '`false`',
      meaning: 'Whether what is reached and in no solution is kept too, so that of several solutions a solver prefers the same one as in the whole channel. Larger.',
      since: NEXT,
    },
    {
      key: 'budget',
      takes: 'a mapping, or `false`',
      standard: 'no limit',
      meaning: 'How much of each channel the mirror may hold. More is refused before the first byte; nothing is cut off.',
      since: NEXT,
    },
    { key: 'budget.bytes', takes: 'a size such as `500GB`', standard: 'no limit', meaning: 'So many bytes.', since: NEXT },
    { key: 'budget.artifacts', takes: 'a whole number', standard: 'no limit', meaning: 'So many artifacts.', since: NEXT },
  ],
}
