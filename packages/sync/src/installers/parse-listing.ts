import { createDigest, type Digest, MirrorError } from '@mirror/core'
import type { SyncErrorCode } from '../error-codes.ts'
import { type InstallerName, parseInstallerName } from './installer-name.ts'

/** An installer that a page lists. */
export interface ListedInstaller extends InstallerName {
  /** sha256, or md5 where the page has nothing better. */
  readonly digest: Digest
}

/** What a page lists. */
export interface InstallerListing {
  /** Each name once. */
  readonly installers: readonly ListedInstaller[]
  /** What about it should be told, as sentences. */
  readonly warnings: readonly string[]
}

const MOST_SHOWN = 3

/**
 * Reads a page of installers as upstream writes it: a table with a row a file, of which one cell is the name, and one the sha256 or md5. What else is in it, and in
 * what order, does not matter; rows that are no installer are read over, and so are installers without a checksum, or with two, with a warning. Throws
 * `LISTING_UNREADABLE` for a page that breaks off, and for one without an installer that can be verified: a login page, an empty table, a list without checksums.
 * Takes linear time.
 */
export function parseInstallerListing(html: string, where: string): InstallerListing {
  if (/<table\b/i.test(html) && !/<\/table\s*>/i.test(html)) throw unreadable(where, 'its table has no end', 'It was cut on the way. Run the sync again.')
  const found = new Map<string, ListedInstaller | undefined>()
  const bare: string[] = []
  const twice: string[] = []
  for (const cells of rowsOf(html)) {
    const name = cells.map((cell) => parseInstallerName(cell)).find((parsed) => parsed !== undefined)
    if (name === undefined) continue
    const digest = digestOf(cells)
    if (digest === undefined) bare.push(name.name)
    else if (found.has(name.name) && found.get(name.name)?.digest !== digest) {
      twice.push(name.name)
      found.set(name.name, undefined)
    } else found.set(name.name, { ...name, digest })
  }
  const installers = [...found.values()].filter((installer) => installer !== undefined)
  if (installers.length === 0) throw describeNothing(where, bare.length)
  return { installers, warnings: [...describeSome(bare, 'without a checksum', where), ...describeSome(twice, 'with two checksums', where)] }
}

/** The text of the cells of each row. */
function* rowsOf(html: string): Generator<readonly string[]> {
  for (const row of html.split(/<tr\b/i).slice(1)) {
    const [own = ''] = row.split(/<\/t(?:r|able)\s*>/i, 1)
    yield own.split(/<t[dh]\b/i).slice(1).map(textOf)
  }
}

/** What stands behind the end of the tag, without other tags. */
function textOf(cell: string): string {
  const [, ...rest] = cell.split('>')
  const text = rest.join('>').split('<').map((piece, at) => (at === 0 ? piece : piece.slice(piece.indexOf('>') + 1))).join('')
  return text.replaceAll(/&(?:amp|#38|#x26);/gi, '&').replaceAll(/&(?:#43|#x2b|plus);/gi, '+').replaceAll(/&(?:nbsp|#160);/gi, ' ').trim()
}

function digestOf(cells: readonly string[]): Digest | undefined {
  const texts = cells.map((cell) => cell.toLowerCase())
  const sha256 = texts.find((text) => /^[0-9a-f]{64}$/.test(text))
  if (sha256 !== undefined) return createDigest('sha256', sha256)
  const md5 = texts.find((text) => /^[0-9a-f]{32}$/.test(text))
  return md5 === undefined ? undefined : createDigest('md5', md5)
}

function describeSome(names: readonly string[], what: string, where: string): readonly string[] {
  if (names.length === 0) return []
  const shown = names.slice(0, MOST_SHOWN).join(', ')
  return [`${where} lists ${names.length} installers ${what}, which are left out: ${shown}${names.length > MOST_SHOWN ? ' …' : ''}`]
}

function describeNothing(where: string, bare: number): MirrorError {
  if (bare > 0) return unreadable(where, `none of its ${bare} installers has a checksum`, 'Name an upstream in "remote_url" that lists checksums, or leave installers out ("fetch_installers: false").')
  return unreadable(where, 'it lists no installer', 'Look at the page in a browser: it may be a login page, or another layout than that of repo.anaconda.com.')
}

function unreadable(where: string, what: string, hint: string): MirrorError {
  return new MirrorError<SyncErrorCode>('LISTING_UNREADABLE', `Cannot read the list of installers ${where}: ${what}`, { hint })
}
