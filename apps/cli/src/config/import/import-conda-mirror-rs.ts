import { isMirrorError, KNOWN_SUBDIRS, parseMatchSpec } from '@mirror/core'
import type { Draft, Importer } from './import-types.ts'
import { putTarget } from './put-target.ts'

/** Keys whose values are text as it stands in the source. */
export const CONDA_MIRROR_RS_TEXT_KEYS: ReadonlySet<string> = new Set(['include', 'exclude', 'source', 'destination', 'subdirs'])

const CARRIED = new Set(['source', 'destination', 'subdirs', 'include', 'exclude', 'max-parallel', 's3-config'])
const IDLE: ReadonlyMap<string, string> = new Map([
  ['max-retries', 'each request is tried again for as long as that is of use'],
  ['precondition-checks', 'a mirror on a disk is locked instead'],
  ['s3-precondition-check', 'a mirror on a disk is locked instead'],
])

/** conda-mirror from 0.11 on, written in Rust: one channel, match specs. */
export const importCondaMirrorRs: Importer = (draft) => {
  const { file: { content }, put, note } = draft
  const [source, target] = [readPlace(draft, 'source'), readPlace(draft, 'destination')]
  putTarget(draft, { source, target, sourceKey: 'source', targetKey: 'destination' })
  putSubdirs(draft)
  put('fetch_installers', false)
  for (const key of ['exclude', 'include'] as const) putSpecs(draft, key)
  if (listOf(content['include']).length > 0 && listOf(content['exclude']).length > 0) {
    note('changed', ['include'], '"include" adds back what "exclude" left out, as the documentation of conda-mirror has it; its versions until 0.12 left that out all the same')
  }
  putOthers(draft)
}

function putOthers({ file: { content }, put, note }: Draft): void {
  const parallel = content['max-parallel']
  if (typeof parallel === 'number') put('concurrency', Math.min(256, Math.max(1, parallel)))
  if (content['s3-config'] !== undefined && content['s3-config'] !== null) note('left-out', ['s3-config'], 'object storage is neither read nor written by this version')
  for (const key of Object.keys(content).filter((other) => !CARRIED.has(other))) {
    const idle = IDLE.get(key)
    note(idle === undefined ? 'left-out' : 'changed', [key], idle === undefined ? `"${key}" was no key of conda-mirror, which refused it` : `"${key}" is not needed: ${idle}`)
  }
}

/** A place that we have too; `oci://` and `s3://` are noted. */
function readPlace({ file: { content }, note }: Draft, key: 'source' | 'destination'): string | undefined {
  const place = content[key]
  if (typeof place !== 'string') return undefined
  const scheme = /^(?<scheme>[a-z][a-z0-9+.-]*):\/\//i.exec(place)?.groups?.['scheme']?.toLowerCase() ?? 'file'
  const schemes = key === 'source' ? ['file', 'http', 'https'] : ['file']
  if (schemes.includes(scheme)) return key === 'destination' ? place.replace(/^file:\/\//i, '') : place
  note('left-out', [key], `a "${key}" with ${scheme}:// is not carried out by this version`)
  return undefined
}

function putSubdirs({ file: { content }, put, note }: Draft): void {
  const subdirs = listOf(content['subdirs']).filter((item) => typeof item === 'string')
  const all = KNOWN_SUBDIRS.filter((subdir) => subdir !== 'noarch')
  if (subdirs.length === 0) {
    put('platforms', all)
    return note('changed', ['subdirs'], '"platforms" names all that are known, because without "subdirs" conda-mirror took every one that upstream has')
  }
  put('platforms', subdirs)
  if (subdirs.includes('noarch')) return
  put('noarch', false)
  note('changed', ['subdirs'], '"noarch: false" is there because "subdirs" does not name noarch, which most packages need')
}

function putSpecs({ file: { content }, put, note }: Draft, key: 'exclude' | 'include'): void {
  const specs: string[] = []
  for (const [index, item] of listOf(content[key]).entries()) {
    const fault = typeof item === 'string' ? faultOf(item) : 'it is no text (conda-mirror took texts such as "numpy>=1" only)'
    if (fault === undefined && typeof item === 'string') specs.push(item)
    else note('left-out', [key, index], `${JSON.stringify(item)} of "${key}": ${fault}`)
    if (fault === undefined && typeof item === 'string' && /license|build\s*=|=[^=\]]*=/.test(item)) note('changed', [key, index], `${JSON.stringify(item)} of "${key}" is compared without regard to case, which conda-mirror had regard to`)
  }
  if (specs.length > 0) put(key, specs)
}

function faultOf(text: string): string | undefined {
  try {
    parseMatchSpec(text)
    return undefined
  } catch (error) {
    if (!isMirrorError(error, 'MATCH_SPEC_INVALID')) throw error
    return String(error.details['reason'])
  }
}

function listOf(value: unknown): readonly unknown[] {
  return value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]
}
