import { isMapping } from '../readers.ts'
import type { Draft, Importer } from './import-types.ts'
import { putTarget } from './put-target.ts'
import { type EntrySpec, specOfEntry } from './spec-of-entry.ts'

/** Keys whose values are text as it stands in the source. */
export const CONDA_MIRROR_TEXT_KEYS: ReadonlySet<string> = new Set(['blacklist', 'whitelist', 'platform', 'upstream_channel', 'target_directory'])

/** Keys that only ever worked on the command line, or that say nothing about the mirror. */
const IDLE: ReadonlyMap<string, string> = new Map([
  ['config', 'conda-mirror read it from the command line only'],
  ['verbose', 'conda-mirror read it from the command line only; here it is "verbose", "--log-level" or "--quiet"'],
  ['version', 'conda-mirror read it from the command line only'],
  ['pdb', 'there is no debugger to be started'],
  ['num_threads', 'verifying uses as many threads as are worth it'],
  ['show_progress', 'progress is shown on a terminal; see "--quiet"'],
  ['temp_directory', 'what is not verified yet is kept in the mirror itself, out of sight'],
  ['no_validate_target', 'what is there is verified when the mirror is taken over; later runs look at what changed'],
  ['max_retries', 'each request is tried again for as long as that is of use'],
])

const LEFT_OUT: ReadonlyMap<string, string> = new Map([
  ['dry_run', 'give "--dry-run" on the command line, or use "mirror plan"'],
  ['minimum_free_space', 'give "--reserve" on the command line, such as "--reserve 1000MB"'],
  ['proxy', 'set HTTPS_PROXY or HTTP_PROXY in the environment'],
  ['proxies', 'set HTTPS_PROXY or HTTP_PROXY in the environment'],
  ['max_packages', 'it mirrored an arbitrary part; "budget" refuses instead, and "exclude", "include" and "latest" choose'],
])

/** conda-mirror until 0.10, written in Python: one channel and one platform. */
export const importCondaMirror: Importer = (draft) => {
  const { content } = draft.file
  const target = textOf(content['target_directory'])
  const upstream = textOf(content['upstream_channel'])?.replaceAll(/^\/+|\/+$/g, '')
  putTarget(draft, { source: upstream, target, sourceKey: 'upstream_channel', targetKey: 'target_directory' })
  putPlatform(draft, textOf(content['platform']))
  draft.put('fetch_installers', false)
  putLists(draft)
  draft.put('variants', { bz2: true })
  putNetwork(draft)
  for (const key of Object.keys(content)) noteOther(draft, key)
}

const CARRIED = new Set(['target_directory', 'upstream_channel', 'platform', 'blacklist', 'whitelist', 'include_depends', 'con_timeout', 'ssl_verify'])

function noteOther({ note, file }: Draft, key: string): void {
  const value = file.content[key]
  if (CARRIED.has(key) || value === null) return
  const leftOut = LEFT_OUT.get(key)
  const idle = IDLE.get(key)
  if (leftOut !== undefined && value !== false) note('left-out', [key], `"${key}" is no key of a configuration here: ${leftOut}`)
  else if (idle !== undefined) note('changed', [key], `"${key}" is not needed: ${idle}`)
  else if (leftOut === undefined) note('changed', [key], `"${key}" was no key of conda-mirror, and had no effect`)
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function putPlatform({ put, note }: Draft, platform: string | undefined): void {
  if (platform === undefined) return note('left-out', ['platform'], 'no "platform" is given (conda-mirror took it from the command line): without "platforms", all that cas-mirror had are mirrored')
  put('platforms', [platform])
  if (platform === 'noarch') return
  put('noarch', false)
  note('changed', ['platform'], '"noarch: false" mirrors this platform alone, as conda-mirror did; without that line noarch is mirrored as well, which most packages need')
}

function putNetwork({ file: { content }, put, note }: Draft): void {
  const seconds = content['con_timeout']
  if (typeof seconds === 'number' && seconds > 0) put('timeouts', { connect: `${seconds}s`, idle: `${seconds}s` })
  const verify = content['ssl_verify']
  if (typeof verify === 'string' && verify.toLowerCase() !== 'false') put('ssl_verify', verify)
  else if (verify === false || typeof verify === 'string') note('left-out', ['ssl_verify'], 'certificates are always verified; "ssl_verify" takes a file with those to trust')
}

function putLists(draft: Draft): void {
  const { put, note, file: { content } } = draft
  const exclude = readList(draft, 'blacklist')
  const include = readList(draft, 'whitelist')
  const isNothingExcluded = exclude.length === 0
  if (!isNothingExcluded) put('exclude', exclude)
  if (include.length > 0 && isNothingExcluded) note('changed', ['whitelist'], '"whitelist" had no effect without a blacklist, and is not carried over ("include" alone would mean: only these)')
  else if (content['include_depends'] === true && include.length > 0) putDepends(draft, exclude, include)
  else if (include.length > 0) put('include', include)
}

/** With everything blacklisted, a whitelist with its dependencies is what a closure is; else there is nothing that says the same. */
function putDepends({ put, note }: Draft, exclude: readonly string[], include: readonly string[]): void {
  if (exclude.includes('*') && include.every((spec) => !spec.startsWith('*') && !spec.startsWith('^'))) {
    // What is excluded is not there for a closure to take.
    put('exclude', undefined)
    put('closure', include)
    note('changed', ['include_depends'], '"include_depends" over a blacklist of everything is "closure" here: it takes what some way of installing can need, in noarch too, where conda-mirror took every version that a dependency allows, in one subdir')
    return
  }
  put('include', include)
  note('left-out', ['include_depends'], '"include_depends" took back the dependencies of what the whitelist names; "include" takes back only what it names, so name them, or use "closure"')
}

function readList(draft: Draft, key: 'blacklist' | 'whitelist'): readonly string[] {
  const { file: { content } } = draft
  const items: readonly unknown[] = Array.isArray(content[key]) ? content[key] : []
  return [...new Set(items.flatMap((item, index) => readEntry(item, { draft, key, index })))]
}

interface EntryPlace {
  readonly draft: Draft
  readonly key: string
  readonly index: number
}

function readEntry(item: unknown, { draft: { note }, key, index }: EntryPlace): readonly string[] {
  const path = [key, index]
  const read: EntrySpec = isMapping(item) ? specOfEntry(item) : { type: 'unsayable', reason: 'it is no mapping of fields to globs' }
  const shown = JSON.stringify(item)
  switch (read.type) {
    case 'never':
      note('changed', path, `${shown} of "${key}" is not carried over: nothing ever matched it, as ${read.reason}`)
      return []
    case 'unsayable':
      note('left-out', path, `${shown} of "${key}": ${read.reason}`)
      return []
    case 'spec':
      if (read.inexact !== undefined) note('left-out', path, `${shown} of "${key}" also matched ${read.inexact}`)
      return [read.spec]
  }
}
