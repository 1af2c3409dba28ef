import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What says which version a published package has. */
export interface PackageVersion {
  readonly name: string
  /** That of its manifest, which `--version` prints. */
  readonly version: string
  /** The newest one in its changelog; undefined where there is none, because it was never released. */
  readonly released: string | undefined
}

/** A tag of the commit, `<name>@<version>`. */
export interface ReleaseTag {
  readonly name: string
  readonly version: string
}

interface Manifest extends ReleaseTag {
  readonly private?: boolean
}

const isManifest = (value: unknown): value is Manifest => typeof value === 'object' && value !== null && 'name' in value && 'version' in value

/** The published packages of a checkout, sorted. */
export const readVersions = (root: string): readonly PackageVersion[] =>
  globSync('{packages,apps}/*/package.json', { cwd: root }).toSorted().flatMap((path) => {
    const manifest: unknown = JSON.parse(readFileSync(join(root, path), 'utf8'))
    if (!isManifest(manifest) || manifest.private === true) return []
    const changelog = join(root, dirname(path), 'CHANGELOG.md')
    const released = existsSync(changelog) ? /^## (?<version>\S+)/m.exec(readFileSync(changelog, 'utf8'))?.groups?.['version'] : undefined
    return [{ name: manifest.name, version: manifest.version, released }]
  })

/** The tags of the commit of a checkout that name a version of a package, as `npx changeset tag` writes them; none where it is no clone. */
export const readReleaseTags = (root: string): readonly ReleaseTag[] => {
  const { status, stdout } = spawnSync('git', ['tag', '--points-at', 'HEAD'], { cwd: root, encoding: 'utf8' })
  return (status === 0 ? stdout : '').split('\n').flatMap((tag) => {
    const { name, version } = /^(?<name>@mirror\/[a-z-]+)@(?<version>.+)$/.exec(tag)?.groups ?? {}
    return name === undefined || version === undefined ? [] : [{ name, version }]
  })
}

const findTagFaults = ({ name, version }: ReleaseTag, packages: readonly PackageVersion[]): readonly string[] => {
  const found = packages.find((one) => one.name === name)
  if (found === undefined) return [`the tag ${name}@${version} names no published package`]
  if (found.version !== version) return [`${name} is ${found.version}, and the tag of this commit says ${version}`]
  return found.released === undefined ? [`the tag of this commit is ${name}@${version}, of which no changelog says anything`] : []
}

/** Where manifests, changelogs and the tags of a commit disagree, one sentence each. */
export const findVersionFaults = ({ packages, tags }: { readonly packages: readonly PackageVersion[]; readonly tags: readonly ReleaseTag[] }): readonly string[] => [
  ...packages.filter(({ version, released }) => released !== undefined && released !== version).map(({ name, version, released }) => `${name} is ${version}, and the newest in its changelog is ${released}`),
  ...tags.flatMap((tag) => findTagFaults(tag, packages)),
]
