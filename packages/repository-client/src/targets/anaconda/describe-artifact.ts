import { type Artifact, isJsonObject, type Sha256 } from '@mirror/core'
import type { ArtifactInfo } from '../../artifact-info/read-artifact-info.ts'
import { describeDependencies } from './describe-dependencies.ts'

type Fields = Readonly<Record<string, unknown>>

/** What an artifact says of itself, where it lies, and what goes with it. */
export interface DescribedArtifact {
  readonly info: ArtifactInfo
  readonly artifact: Artifact
  readonly sha256: Sha256
  readonly labels: readonly string[]
  readonly isPublic: boolean
}

const SYSTEMS: Fields = { osx: 'darwin', win: 'win32' }

/** What a stage tells elsewhere. */
const TOLD: ReadonlySet<string> = new Set(['name', 'version', 'subdir'])

/** The body of `POST /package`, as the real client makes it (anaconda-client inspect_package/conda.py, `add_package`). */
export function describePackage({ info, isPublic }: Pick<DescribedArtifact, 'info' | 'isPublic'>): Fields {
  const about = aboutOf(info)
  const said = sayer(about)
  return {
    public: isPublic,
    publish: false,
    public_attrs: {
      name: info.index['name'],
      summary: textOf(about, 'summary'),
      description: textOf(about, 'description'),
      license: { name: said('license'), url: said('license_url'), family: said('license_family') },
      license_url: said('license_url'),
      license_family: said('license_family'),
      dev_url: said('dev_url'),
      doc_url: said('doc_url'),
      home: said('home'),
      source_git_url: said('source_git_url'),
      package_types: ['conda'],
    },
  }
}

/** The body of `POST /release`, likewise (`add_release`). */
export function describeRelease({ info }: Pick<DescribedArtifact, 'info'>): Fields {
  const about = aboutOf(info)
  const said = sayer(about)
  return {
    requirements: [],
    announce: null,
    description: textOf(about, 'description'),
    version: info.index['version'],
    home_page: said('home'),
    summary: textOf(about, 'summary'),
    dev_url: said('dev_url'),
    doc_url: said('doc_url'),
    home: said('home'),
    source_git_url: said('source_git_url'),
    source_git_tag: said('source_git_tag'),
    icon: info.icon === undefined ? info.index['icon'] ?? null : Buffer.from(info.icon).toString('base64'),
    license: said('license'),
    license_url: said('license_url'),
    license_family: said('license_family'),
  }
}

/** The body of `POST /stage`, likewise (`upload`): five computed attributes, then index.json without name and version. */
export function describeStage({ info, artifact, sha256, labels }: DescribedArtifact): Fields {
  const { index } = info
  const machine = index['arch'] ?? null
  const platform = index['platform'] ?? null
  const system = typeof platform === 'string' && Object.hasOwn(SYSTEMS, platform) ? SYSTEMS[platform] : platform
  return {
    distribution_type: 'conda',
    description: null,
    attrs: {
      'operatingsystem': system,
      'machine': machine,
      'target-triplet': `${printed(machine)}-any-${printed(system)}`,
      'has_prefix': info.hasPrefix,
      // Where the channel has it, which is what most say of themselves. A server files an artifact by this, and refuses another one than is in the path.
      'subdir': artifact.subdir,
      ...Object.fromEntries(Object.entries(index).filter(([key]) => !TOLD.has(key))),
    },
    dependencies: describeDependencies(index['depends'] ?? index['requires']),
    channels: labels,
    sha256,
  }
}

function aboutOf({ recipe, about }: ArtifactInfo): Fields {
  if (recipe === undefined || Object.keys(recipe).length === 0) return about ?? {}
  return isJsonObject(recipe['about']) ? recipe['about'] : {}
}

function sayer(about: Fields): (name: string) => unknown {
  return (name) => about[name] ?? null
}

function textOf(about: Fields, name: string): unknown {
  return Object.hasOwn(about, name) ? about[name] : ''
}

/** As Python's `%s` prints it. */
function printed(value: unknown): string {
  return typeof value === 'string' ? value : value === null || value === undefined ? 'None' : JSON.stringify(value)
}
