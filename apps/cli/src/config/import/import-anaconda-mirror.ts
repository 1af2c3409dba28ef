import { KNOWN_SUBDIRS } from '@mirror/core'
import { knownKeys } from '../keys.ts'
import type { Draft, Importer } from './import-types.ts'

/** Keys that cas-mirror, or its siblings on the server, had by other names. */
const RENAMED: ReadonlyMap<string, string> = new Map([['package_list', 'pkg_list']])

const LEFT_OUT: ReadonlyMap<string, string> = new Map([
  ['dry_run', 'give "--dry-run" on the command line, or use "mirror plan"'],
  ['accounts', 'accounts belong to the server'],
  ['account_mapping', 'accounts belong to the server'],
  ['access', 'accounts belong to the server'],
  ['api_domain', 'nothing is sent to a server by this version'],
  ['api_token', 'nothing is sent to a server by this version'],
])

/** The anaconda-mirror that follows cas-mirror: its keys as far as they are documented, and those that it shares with cas-mirror. */
export const importAnacondaMirror: Importer = (draft) => {
  const { file: { content }, put } = draft
  putDestination(draft)
  if (content['platforms'] === undefined || content['platforms'] === null) {
    put('platforms', KNOWN_SUBDIRS.filter((subdir) => subdir !== 'noarch'))
    draft.note('changed', ['platforms'], '"platforms" names all that are known, because without it anaconda-mirror took every one that upstream has')
  }
  if (content['fetch_installers'] === undefined && content['remote_url'] === undefined) put('fetch_installers', false)
  for (const [key, value] of Object.entries(content)) if (value !== null) putKey(draft, key, value)
}

function putKey({ put, note }: Draft, key: string, value: unknown): void {
  const name = RENAMED.get(key) ?? key
  const leftOut = LEFT_OUT.get(key)
  if (key === 'dest_site') return
  if (key === 'clean') {
    if (value === false) note('left-out', [key], '"clean: false" kept what upstream removed; here that goes after the grace ("grace"), or can be kept for a while with "retain"')
    else note('changed', [key], '"clean" is not needed: what upstream removed is removed, after the grace')
  } else if (leftOut !== undefined) note('left-out', [key], `"${key}": ${leftOut}`)
  else if (knownKeys('').includes(name)) put(name, value)
  else note('left-out', [key], `"${key}" is no key that is known here`)
}

/** `dest_site` is a folder or the address of a server. */
function putDestination({ file: { content }, put, note }: Draft): void {
  const { dest_site: site, mirror_dir: folder } = content
  if (typeof site !== 'string' || site === '') {
    if (folder === undefined) note('left-out', ['dest_site'], 'no "dest_site" is given: without "mirror_dir", /opt/cas-mirror is used')
    return
  }
  if (/^(?:\.{0,2}\/|~\/|file:\/\/)/.test(site)) {
    put('mirror_dir', site.replace(/^file:\/\//, ''))
    note('changed', ['dest_site'], '"dest_site" is "mirror_dir" here; each channel has the folder of its URL\'s path below it, or the one that "path" names')
  } else {
    put('dest_site', site)
    note('changed', ['dest_site'], '"dest_site" is where cas-sync-api-v5 uploads to; cas-sync keeps a mirror in "mirror_dir"')
  }
}
