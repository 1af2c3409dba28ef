import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library'
import { ToolError } from '../lib/fail.mjs'

const { Component, LicenseExpression, NamedLicense, Property } = Models
const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6))
const RULE = `\n${'-'.repeat(80)}\n\n`

const npmUrl = ({ name, version }) => `pkg:npm/${name.replace('@', '%40')}@${version}`

const licencesOf = (license) => {
  if (license === undefined) return []
  return [/^[\w.+() -]+$/.test(license) ? new LicenseExpression(license) : new NamedLicense(license)]
}

const createComponent = ({ name, version, license, purl, isInside = true, type = Enums.ComponentType.Library }, sha256) => {
  const component = new Component(type, name, { version, purl, bomRef: purl ?? name, scope: Enums.ComponentScope.Required })
  for (const licence of licencesOf(license)) component.licenses.add(licence)
  if (sha256 !== undefined) component.hashes.set(Enums.HashAlgorithm['SHA-256'], sha256)
  if (!isInside) component.properties.add(new Property('mirror:inside', 'false'))
  return component
}

/** The packages of others that are bundled into a command, as the licences that it carries name them. */
export const parseLicences = (text) => {
  const start = text.indexOf('\n\n') + 2
  return text.slice(start).split(RULE).map((entry) => {
    const found = /^(?<name>\S+) (?<version>\S+) \((?<license>.*)\)\n/.exec(entry)?.groups
    if (found === undefined) throw new ToolError(`Cannot read which packages are bundled: "${entry.slice(0, 60)}" is none.`)
    return { ...found, purl: npmUrl(found) }
  })
}

const readLicences = (tarball) => parseLicences(execFileSync('tar', ['-xzOf', tarball, 'package/dist/third-party-licences.txt'], { encoding: 'utf8', maxBuffer: 1e8 }))

/** The packages of this repository that one needs, directly or not. */
const findSiblings = (name, packed) => {
  const wanted = new Set([name])
  for (const one of wanted) {
    const { manifest } = packed.find((item) => item.manifest.name === one)
    for (const dependency of Object.keys(manifest.dependencies ?? {})) if (packed.some((item) => item.manifest.name === dependency)) wanted.add(dependency)
  }
  wanted.delete(name)
  return [...wanted].map((one) => {
    const { name: sibling, version, license } = packed.find((item) => item.manifest.name === one).manifest
    return { name: sibling, version, license, purl: npmUrl({ name: sibling, version }) }
  })
}

/** What a library asks its installer for, beside packages of this repository: nothing of it is inside. */
const readWanted = ({ tarball }) => {
  const { dependencies = {} } = JSON.parse(execFileSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' }))
  return Object.entries(dependencies).filter(([name]) => !name.startsWith('@mirror/')).map(([name, version]) => ({ name, version, purl: npmUrl({ name, version }), isInside: false }))
}

/** Node, and what it says that it was built with. */
const describeNode = () => {
  const { node, ...parts } = process.versions
  return [{ name: 'node', version: node, license: 'MIT', purl: `pkg:generic/node@${node}` }, ...Object.entries(parts).map(([name, version]) => ({ name, version, purl: `pkg:generic/${name}@${version}` }))]
}

const OUTSIDE_NODE = { name: 'nodejs', purl: 'pkg:conda/nodejs', isInside: false }
const OUTSIDE_DIFFTAR = { name: 'conda-diff-tar', purl: 'pkg:conda/conda-diff-tar', isInside: false }

/** What a file of each kind has beside what is bundled: of `itself`, the package, and the file. */
const SURROUNDINGS = {
  npm: () => [],
  file: (itself) => [itself],
  executable: (itself) => [itself, ...describeNode()],
  image: (itself, { bases }) => [itself, ...bases.map((name) => ({ name, type: Enums.ComponentType.Container }))],
  conda: (itself, { name }) => [itself, OUTSIDE_NODE, ...(name === 'mirror-tools' ? [OUTSIDE_DIFFTAR] : [])],
}

/** What a released file consists of, and what it needs beside it (`isInside: false`). */
const findParts = (file, packed) => {
  const { kind, manifest } = file
  const item = packed.find((one) => one.manifest.name === manifest.name)
  const siblings = findSiblings(manifest.name, packed)
  if (kind === 'npm' && !manifest.bin) return [...siblings.map((one) => ({ ...one, isInside: false })), ...readWanted(item)]
  // What is a library too is bundled of our own packages alone.
  const others = manifest.exports?.['.'] === undefined ? readLicences(item.tarball) : []
  const itself = { name: manifest.name, version: manifest.version, license: manifest.license, purl: npmUrl(manifest) }
  return [...siblings, ...others, ...SURROUNDINGS[kind](itself, file)]
}

const describeFile = ({ kind, path, manifest, name, version, subdir, format }) => {
  const purls = { npm: npmUrl(manifest), conda: `pkg:conda/${name}@${version}?subdir=${subdir}&type=${format}` }
  return { name: basename(path), version: manifest.version, license: manifest.license, purl: purls[kind] ?? `pkg:generic/${basename(path)}@${manifest.version}` }
}

const createBill = (file, packed) => {
  const sha256 = createHash('sha256').update(readFileSync(file.path)).digest('hex')
  const type = file.kind === 'image' ? Enums.ComponentType.Container : Enums.ComponentType.Application
  const described = describeFile(file)
  const bom = new Models.Bom({ metadata: new Models.Metadata({ component: createComponent({ ...described, type }, sha256) }) })
  const parts = new Map(findParts(file, packed).map((one) => [one.purl ?? one.name, one]))
  parts.delete(described.purl)
  for (const one of parts.values()) {
    const component = createComponent(one)
    bom.components.add(component)
    bom.metadata.component.dependencies.add(component.bomRef)
  }
  return bom
}

/**
 * Writes a bill of materials (CycloneDX 1.6) for each released file, `<file>.cdx.json`, with nothing in it that another build would write otherwise. What is not in the file itself has the property `mirror:inside` with `false`.
 * `made`: `{ kind, path, manifest }`, for conda also `name`, `version`, `subdir` and `format`.
 */
export const writeBills = ({ made, packed, to }) => {
  mkdirSync(to)
  for (const file of made) writeFileSync(join(to, `${basename(file.path)}.cdx.json`), `${serializer.serialize(createBill(file, packed), { sortLists: true, space: 2 })}\n`)
}
