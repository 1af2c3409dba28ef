// Writes made-up repodata of any size, the same for the same arguments: about 540 bytes a record, compact and sorted as conda-index writes it.
import { closeSync, openSync, writeSync } from 'node:fs'

const PER_NAME = 22
const SYLLABLES = 'ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu bri cla dro fle gra pli ster tron vex mod'.split(' ')
const LICENSES = ['BSD-3-Clause', 'MIT', 'Apache-2.0', 'GPL-3.0-or-later', 'LGPL-2.1-only WITH GCC-exception-2.0', 'Custom \\"as is\\" terms, {see},[LICENSE]', 'CeCILL \\u2014 v2.1 (fran\\u00e7ais)', 'ISC']
const COMMON = ['python', 'numpy', 'libgcc', 'libstdcxx', '__glibc', 'openssl', 'libzlib', 'scipy', 'pandas', 'libblas', 'xz', 'hdf5', 'r-base', 'requests']

/** A small generator of 32-bit numbers. */
function random(seed) {
  let state = (seed * 2654435761) >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 4294967296
  }
}

const pick = (next, list) => list[Math.floor(next() * list.length)]
const hex = (next, digits) => {
  let text = ''
  while (text.length < digits) text += Math.floor(next() * 65536).toString(16).padStart(4, '0')
  return text
}

/** The name of a package: no name is the beginning of another, and they sort by number. */
export function packageName(number) {
  const next = random(number + 1)
  const word = Array.from({ length: 1 + Math.floor(next() * 3) }, () => pick(next, SYLLABLES)).join(next() < 0.5 ? '-' : '')
  return `p${number.toString(36).padStart(4, '0')}-${word}`
}

function depends(next) {
  const count = 2 + Math.floor(next() * 8)
  return Array.from({ length: count }, () => {
    const name = next() < 0.5 ? pick(next, COMMON) : packageName(Math.floor(next() * 2000))
    const major = Math.floor(next() * 12)
    return next() < 0.3 ? name : `${name} >=${major}.${Math.floor(next() * 30)}.${Math.floor(next() * 9)},<${major + 1}.0a0`
  })
}

function recordText({ next, name, version, build, extra }) {
  const specs = [...depends(next), ...(extra ? ['added-by-a-hotfix >=1'] : [])].map((spec) => `"${spec}"`).join(',')
  const constrains = next() < 0.1 ? `"constrains":["${pick(next, COMMON)} <0a0"],` : ''
  return `{"build":"${build}","build_number":${Math.floor(next() * 4)},${constrains}"depends":[${specs}],"legacy_note":"made up, } for } a ] benchmark","license":"${pick(next, LICENSES)}","license_family":"OTHER","md5":"${hex(next, 32)}",`
    + `"name":"${name}","sha256":"${hex(next, 64)}","size":${1000 + Math.floor(next() * 5e6)},"subdir":"linux-64","timestamp":${1_500_000_000_000 + Math.floor(next() * 2.6e11)},"version":"${version}"}`
}

/** The entries of one package in one section, sorted by key. `changed`: 1 % are gone, 2 % have another `depends`, 2 % are new. */
function* entriesOf({ number, extension, changed }) {
  const name = packageName(number)
  const next = random(number * 2 + (extension === '.conda' ? 1 : 0) + 7)
  const share = extension === '.conda' ? 0.58 : 0.42
  const count = Math.max(1, Math.round(PER_NAME * share * (0.3 + 1.4 * next())))
  const entries = []
  for (let at = 0; at < count; at += 1) {
    const version = `${Math.floor(next() * 9)}.${at}.${Math.floor(next() * 20)}`
    const build = `${pick(next, ['py38', 'py39', 'py310', 'py311', 'py312', ''])}h${hex(next, 8).slice(0, 7)}_${Math.floor(next() * 3)}`
    const seed = Math.floor(next() * 1e9)
    const fate = random(seed + 3)()
    if (changed && fate < 0.01) continue
    const key = `${name}-${version}-${build}${extension}`
    entries.push([key, recordText({ next: random(seed), name, version, build, extra: changed && fate < 0.03 })])
    if (changed && fate > 0.98) entries.push([`${name}-${version}-new_${build}${extension}`, recordText({ next: random(seed + 1), name, version, build: `new_${build}`, extra: false })])
  }
  entries.sort(([left], [right]) => (left < right ? -1 : 1))
  yield* entries
}

function* allEntries({ names, extension, changed }) {
  for (let number = 0; number < names; number += 1) yield* entriesOf({ number, extension, changed })
}

/** Writes about `records` records to `path`; gives how many. */
export function makeRepodata({ path, records, changed = false }) {
  const file = openSync(path, 'w')
  const names = Math.round(records / PER_NAME)
  let pieces = ['{"info":{"subdir":"linux-64"}']
  let size = 0
  let count = 0
  const flush = () => {
    writeSync(file, pieces.join(''), null, 'latin1')
    pieces = []
    size = 0
  }
  for (const [section, extension] of [['packages', '.tar.bz2'], ['packages.conda', '.conda']]) {
    pieces.push(`,"${section}":{`)
    let first = true
    for (const [key, record] of allEntries({ names, extension, changed })) {
      const text = `${first ? '' : ','}"${key}":${record}`
      pieces.push(text)
      size += text.length
      first = false
      count += 1
      if (size > 1 << 20) flush()
    }
    pieces.push('}')
  }
  pieces.push(',"removed":[],"repodata_version":1}')
  flush()
  closeSync(file)
  return count
}
