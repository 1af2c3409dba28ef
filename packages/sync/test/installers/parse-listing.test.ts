import { createHash } from 'node:crypto'
import { isMirrorError } from '@mirror/core'
import { createInstallerPage } from '@mirror/test-fixtures'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { chooseInstallers } from '../../src/installers/choose-installers.ts'
import { formatInstallerPages } from '../../src/installers/format-listing.ts'
import { parseInstallerName } from '../../src/installers/installer-name.ts'
import { parseInstallerListing } from '../../src/installers/parse-listing.ts'

const SHA = 'a'.repeat(64)
const MD5 = 'b'.repeat(32)
const NAME = 'Anaconda3-2024.10-1-Linux-x86_64.sh'

function parse(html: string): readonly string[] {
  return parseInstallerListing(html, 'https://example.org/archive/').installers.map(({ name, digest }) => `${name} ${digest}`)
}

function codeOf(html: string): string {
  try {
    return parse(html).join('; ')
  } catch (error) {
    return isMirrorError(error) ? `${error.code}: ${error.message}` : String(error)
  }
}

function row(name: string, ...cells: readonly string[]): string {
  return `<tr><td><a href="${name}">${name}</a></td>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`
}

describe('parseInstallerName()', () => {
  test.for([
    [NAME, 'Anaconda3 linux-64 2024.10-1'],
    ['Anaconda2-2019.10-Linux-ppc64le.sh', 'Anaconda2 linux-ppc64le 2019.10'],
    ['Anaconda-2.3.0-MacOSX-x86_64.pkg', 'Anaconda2 osx-64 2.3.0'],
    ['Anaconda3-5.3.1-Linux-x86.sh', 'Anaconda3 linux-32 5.3.1'],
    ['Anaconda3-2022.05-Windows-x86.exe', 'Anaconda3 win-32 2022.05'],
    ['Miniconda3-py312_24.9.2-0-MacOSX-arm64.pkg', 'Miniconda3 osx-arm64 24.9.2-0 for 3.12'],
    ['Miniconda3-latest-Linux-s390x.sh', 'Miniconda3 linux-s390x latest'],
    ['Miniconda3-4.7.12.1-Linux-aarch64.sh', 'Miniconda3 linux-aarch64 4.7.12.1'],
    ['Miniconda2-latest-Windows-x86_64.exe', 'Miniconda2 win-64 latest'],
    ['Miniconda-3.16.0-Linux-armv7l.sh', 'Miniconda2 linux-armv7l 3.16.0'],
    ['Anaconda3-2024.10-1-Linux-x86_64.sh.asc', undefined],
    ['Anaconda3-2024.10-1-Plan9-x86_64.sh', undefined],
    ['Anaconda3-2024.10-1-Linux-x86_64.sh/../../x', undefined],
    ['../Anaconda3-2024.10-1-Linux-x86_64.sh', undefined],
    ['Anaconda3--Linux-x86_64.sh', undefined],
    ['Anaconda3-nightly-Linux-x86_64.sh', undefined],
    ['Miniforge3-24.9.2-0-Linux-x86_64.sh', undefined],
    ['index.html', undefined],
  ] as const)('%s: %s', ([name, expected], { expect }) => {
    const parsed = parseInstallerName(name)
    const python = parsed?.python === undefined ? '' : ` for ${parsed.python.text}`
    expect(parsed === undefined ? undefined : `${parsed.product} ${parsed.platform} ${parsed.release?.text ?? 'latest'}${python}`).toBe(expected)
  })
})

describe('parseInstallerListing()', () => {
  test('reads a page as upstream writes it, by sha256 or by md5', ({ expect }) => {
    const page = createInstallerPage('archive', [{ name: NAME, size: 2000, digest: SHA }, { name: 'Anaconda-2.3.0-Linux-x86.sh', size: 3, digest: MD5 }])
    expect(parse(page)).toEqual([`${NAME} sha256:${SHA}`, `Anaconda-2.3.0-Linux-x86.sh md5:${MD5}`])
  })

  test('takes columns in any order, other tags, capitals and entities, and reads over the rest', ({ expect }) => {
    const html = `<TABLE class="x"><THEAD><TR><TH>MD5</TH><TH>SHA256</TH><TH>Name</TH></TR></THEAD>
      <TR id=1><TD align="right"> <tt>${MD5}</tt> <TD>${SHA.toUpperCase()}</TD><TD><a href="x"><b>${NAME}</b></a>&nbsp;</TD>
      <tr><td>Anaconda3-2024.10-1-Linux-x86_64.sh.sig</td><td>${SHA}</td></tr>
      <tr><td colspan=4>See &amp; read</td></tr><tr></tr><tr><td></TABLE>`
    expect(parse(html)).toEqual([`${NAME} sha256:${SHA}`])
  })

  test('leaves out installers without a checksum, and with two, and says so', ({ expect }) => {
    const other = 'Anaconda3-2024.06-1-Linux-x86_64.sh'
    const html = `<table>${row(NAME, SHA)}${row(NAME, SHA)}${row(other, SHA)}${row(other, 'c'.repeat(64))}${row('Anaconda3-5.3.1-Linux-x86.sh', '&lt;SHA256&gt;')}</table>`
    const { installers, warnings } = parseInstallerListing(html, 'https://example.org/archive/')
    expect(installers.map(({ name }) => name)).toEqual([NAME])
    expect(warnings).toEqual([
      'https://example.org/archive/ lists 1 installers without a checksum, which are left out: Anaconda3-5.3.1-Linux-x86.sh',
      'https://example.org/archive/ lists 1 installers with two checksums, which are left out: Anaconda3-2024.06-1-Linux-x86_64.sh',
    ])
  })

  test('refuses pages that break off, that list nothing, and that have no checksums', ({ expect }) => {
    const prefix = 'LISTING_UNREADABLE: Cannot read the list of installers https://example.org/archive/:'
    const page = createInstallerPage('archive', [{ name: NAME, size: 2000, digest: SHA }])
    expect(codeOf(page.slice(0, page.indexOf('</table>')))).toBe(`${prefix} its table has no end`)
    expect(codeOf(createInstallerPage('archive', []))).toBe(`${prefix} it lists no installer`)
    expect(codeOf('')).toBe(`${prefix} it lists no installer`)
    expect(codeOf('<html><form>Log in</form></html>')).toBe(`${prefix} it lists no installer`)
    expect(codeOf(`<table>${row(NAME, '900M')}</table>`)).toBe(`${prefix} none of its 1 installers has a checksum`)
  })

  test('throws nothing but errors of ours, whatever the page', ({ expect }) => {
    const piece = fc.constantFrom('<tr>', '<td>', '</td>', '</tr>', '<table>', '</table>', '<', '>', NAME, SHA, MD5, '&amp;', '"', '\0', ' ')
    fc.assert(fc.property(fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')), (html) => {
      expect(codeOf(html)).toMatch(/^$|^LISTING_UNREADABLE|^Anaconda3/)
    }), { numRuns: 500 })
    for (const text of ['<tr><td>', '<', '>', '<td', '&amp;', '<tr', `<tr><td>${NAME}`]) expect(codeOf(text.repeat(200_000 / text.length))).toMatch(/^LISTING_UNREADABLE/)
  })

  test('reads what formatInstallerPages() writes', ({ expect }) => {
    const sha256 = createHash('sha256').update('x').digest('hex')
    const files = ['archive/Anaconda3-2024.10-1-Linux-x86_64.sh', 'miniconda/Miniconda3-latest-Linux-x86_64.sh', 'archive/index.html'].map((path) => ({ path, size: 7, sha256 }))
    const pages = formatInstallerPages(files as never)
    expect(pages.map(({ file }) => file.path)).toEqual(['archive/index.html', 'miniconda/index.html'])
    expect(pages.map(({ bytes }) => parse(bytes.toString()))).toEqual([[`${NAME} sha256:${sha256}`], [`Miniconda3-latest-Linux-x86_64.sh sha256:${sha256}`]])
    expect(formatInstallerPages([])).toEqual([])
  })
})

describe('chooseInstallers()', () => {
  const listed = [
    'Anaconda3-2023.09-0-Linux-x86_64.sh', 'Anaconda3-2024.10-1-Linux-x86_64.sh', 'Anaconda3-2024.6-1-Linux-x86_64.sh', 'Anaconda2-2019.10-Linux-x86_64.sh', 'Anaconda-2.3.0-Linux-x86_64.sh',
    'Anaconda3-2024.10-1-MacOSX-arm64.pkg', 'Anaconda3-2024.10-1-MacOSX-arm64.sh', 'Anaconda3-2024.06-1-MacOSX-arm64.sh', 'Miniconda3-latest-Linux-x86_64.sh',
    'Miniconda3-py39_24.9.2-0-Linux-x86_64.sh', 'Miniconda3-py312_24.9.2-0-Linux-x86_64.sh', 'Miniconda3-py312_24.7.1-0-Linux-x86_64.sh', 'Miniconda3-4.7.12-Linux-x86_64.sh',
    'Anaconda3-2024.10-1-Windows-x86_64.exe',
  ].map((name) => parseInstallerName(name)).filter((parsed) => parsed !== undefined)
  const choose = (platforms: readonly string[], latest: number | 'all'): readonly string[] =>
    chooseInstallers(listed, { platforms: platforms as never, latest }).map(({ name }) => name).toSorted()

  test('takes the newest release of each product and platform, in all formats, for the newest Python, and latest', ({ expect }) => {
    expect(choose(['linux-64', 'osx-arm64'], 1)).toEqual([
      'Anaconda2-2019.10-Linux-x86_64.sh', 'Anaconda3-2024.10-1-Linux-x86_64.sh', 'Anaconda3-2024.10-1-MacOSX-arm64.pkg', 'Anaconda3-2024.10-1-MacOSX-arm64.sh',
      'Miniconda3-latest-Linux-x86_64.sh', 'Miniconda3-py312_24.9.2-0-Linux-x86_64.sh',
    ])
  })

  test('takes so many releases, or all, with every Python', ({ expect }) => {
    expect(choose(['linux-64'], 2)).toEqual([
      'Anaconda-2.3.0-Linux-x86_64.sh', 'Anaconda2-2019.10-Linux-x86_64.sh', 'Anaconda3-2024.10-1-Linux-x86_64.sh', 'Anaconda3-2024.6-1-Linux-x86_64.sh',
      'Miniconda3-latest-Linux-x86_64.sh', 'Miniconda3-py312_24.7.1-0-Linux-x86_64.sh', 'Miniconda3-py312_24.9.2-0-Linux-x86_64.sh',
    ])
    expect(choose(['linux-64'], 'all')).toHaveLength(10)
    expect(choose(['linux-64', 'osx-arm64', 'win-64'], 'all')).toHaveLength(14)
    expect(choose(['noarch', 'linux-s390x'], 1)).toEqual([])
  })

  test('does not depend on the order of the page', ({ expect }) => {
    fc.assert(fc.property(fc.shuffledSubarray(listed, { minLength: listed.length }), fc.integer({ min: 1, max: 3 }), (shuffled, latest) => {
      const names = chooseInstallers(shuffled, { platforms: ['linux-64', 'osx-arm64'] as never, latest }).map(({ name }) => name)
      expect(names.toSorted()).toEqual(choose(['linux-64', 'osx-arm64'], latest))
    }), { numRuns: 50 })
  })
})
