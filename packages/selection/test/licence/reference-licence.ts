// The rule about licences a second time, in another way: text is cut at the operators outside of parentheses, and what is left is judged by patterns.

const REMARK = /\((?!(?:[<>=]|\s*or\b))[^()]*\)/gi
const FAMILIES: readonly (readonly [RegExp, string])[] = [
  [/agpl|affero/, 'AGPL'], [/lgpl|lesser|library general/, 'LGPL'], [/gnu general public|(?<![al])gpl/, 'GPL'], [/bsd|bzip2|hdf5|\btcl\b/, 'BSD'], [/\bmit\b|x11|expat|\bcurl\b/, 'MIT'],
  [/apache|\basl\b|openssl/, 'Apache'], [/\bpsf|(?<!bio)python/, 'PSF'], [/public.?domain|unlicense|cc0|blessing/, 'Public-Domain'], [/propriet|commercial|eula|end.user/, 'Proprietary'],
  [/\bcc.by/, 'CC'], [/\bmpl|mozilla/, 'Mozilla'],
]

/** What a family's name leaves out. */
function widen(blacklist: readonly string[]): ReadonlySet<string> {
  const wide = new Set(blacklist)
  if (wide.has('GPL')) ['GPL2', 'GPL3'].forEach((name) => wide.add(name))
  if (wide.has('GPL2') && wide.has('GPL3')) wide.add('GPL')
  if (wide.has('Other')) ['CC', 'Mozilla', 'None'].forEach((name) => wide.add(name))
  return wide
}

/** The places of a separator outside of parentheses. */
function cut(text: string, separator: RegExp): readonly string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (const { 0: found, index } of text.matchAll(new RegExp(`[()]|${separator.source}`, 'gi'))) {
    if (found === '(') depth += 1
    else if (found === ')') depth -= 1
    else if (depth === 0) {
      parts.push(text.slice(start, index))
      start = index + found.length
    }
  }
  return [...parts, text.slice(start)].map((part) => part.trim()).filter((part) => part !== '')
}

function versionOf(text: string): string {
  const found = /gpl(?:[ v(<>=-]|version)*(?<major>[0-9])/.exec(text.replace('gnu general public', 'gpl').replaceAll(/licen[cs]e|version/g, ''))
  const major = Number(found?.groups?.['major'] ?? 0) + (/\( *> *2\)/.test(text) ? 1 : 0)
  return major === 2 ? 'GPL2' : major > 2 ? 'GPL3' : 'GPL'
}

function familiesOfName(name: string): readonly string[] {
  const text = name.toLowerCase().replace(/\bwith\b(?! advertising).*|-with-.*/, '').replaceAll(/[/_+-]/g, ' ')
  const found = FAMILIES.filter(([pattern]) => pattern.test(text)).map(([, family]) => (family === 'GPL' ? versionOf(text) : family))
  if (/^(?:none|unknown|)$/.test(text.trim())) return ['None']
  return found
}

function judge(text: string, blacklist: ReadonlySet<string>): boolean {
  const bare = text.trim()
  const lists = cut(bare, /,(?! *version)|;/)
  if (lists.length > 1) return lists.filter((part) => familiesOfName(part).length > 0).some((part) => judge(part, blacklist))
  const choices = cut(bare, /\||(?<!new"?) or (?!later|"?revised)/)
  if (choices.length > 1) return choices.filter((part) => !/^file licen[cs]e$/i.test(part)).every((part) => judge(part, blacklist))
  const all = cut(bare, / and | \+ file licen[cs]e| \+ /)
  if (all.length > 1) return all.some((part) => judge(part, blacklist))
  const [only = ''] = all
  if (/^\(.*\)$/.test(only)) return judge(only.slice(1, -1), blacklist)
  const choice = /^(?<name>.*?)\(or (?<other>.*)\)$/i.exec(only)?.groups
  if (choice !== undefined) return judge(choice['name'] ?? '', blacklist) && judge(choice['other'] ?? '', blacklist)
  if (/^perl(?:.5)?$/i.test(only)) return blacklist.has('Other') && blacklist.has('GPL')
  const named = familiesOfName(only.replace(REMARK, ''))
  const families = named.length > 0 ? named : familiesOfName(only)
  return (families.length > 0 ? families : ['Other']).some((family) => blacklist.has(family))
}

/** True for a record that families on a blacklist leave out. Identifiers are not read. */
export function isLicenceExcluded(record: { readonly license?: unknown; readonly license_family?: unknown }, blacklist: readonly string[]): boolean {
  const wide = widen(blacklist)
  const license = typeof record.license === 'string' ? record.license : ''
  const given = typeof record.license_family === 'string' ? record.license_family : ''
  const names = ['AGPL', 'GPL', 'GPL2', 'GPL3', 'LGPL', 'BSD', 'MIT', 'Apache', 'PSF', 'Public-Domain', 'Proprietary', 'CC', 'Mozilla', 'None', 'Other']
  const family = names.find((name) => name.toLowerCase().replace('-', '') === given.toLowerCase().replaceAll(/[\s_-]/g, ''))
  if (family !== undefined && wide.has(family)) return true
  const isNamed = (family !== undefined && family !== 'Other' && family !== 'None') || (family === undefined && familiesOfName(given).length > 0 && given !== '')
  if (family === undefined && isNamed && judge(given, wide)) return true
  return judge(license, isNamed ? new Set([...wide].filter((name) => name !== 'Other' && name !== 'None')) : wide)
}
