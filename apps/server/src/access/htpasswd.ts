import { MirrorError } from '@mirror/core'
import type { ServerErrorCode } from '../error-codes.ts'

/** A user, as a file knows them. */
export interface UserEntry {
  readonly name: string
  /** Bcrypt, with salt and cost. */
  readonly hash: string
}

const BCRYPT = /^\$2[aby]\$(?<cost>\d\d)\$[./A-Za-z0-9]{53}$/
const LEAST_COST = 4
/** One more takes seconds a password. */
const HIGHEST_COST = 15

/**
 * Reads a file of users as Apache's `htpasswd -B` writes it: `<name>:<bcrypt>` a line; empty lines and those that begin with `#` are passed over. All other hashes are refused: `{SHA}`, crypt
 * and plain text protect nobody whose file leaks, and MD5 (`$apr1$`) hardly. Throws `ACCESS_INVALID` with path and line, and without the hash.
 */
export function parseHtpasswd(text: string, path: string): readonly UserEntry[] {
  const lines = text.split('\n').map((line, index) => ({ line: line.trimEnd(), number: index + 1 })).filter(({ line }) => line !== '' && !line.startsWith('#'))
  const entries = lines.map(({ line, number }) => parseLine(line, `${path}:${number}`))
  const twice = entries.find(({ name }, index) => entries.findIndex((other) => other.name === name) < index)
  if (twice !== undefined) throw invalid(path, `${JSON.stringify(twice.name)} stands there twice`)
  return entries
}

function parseLine(line: string, where: string): UserEntry {
  const colon = line.indexOf(':')
  const name = line.slice(0, Math.max(0, colon))
  // oxlint-disable-next-line no-control-regex
  if (name === '' || /[\u0000-\u001f\u007f]/.test(name)) throw invalid(where, 'this is not <name>:<hash>')
  // Some tools append more fields.
  const hash = line.slice(colon + 1).split(':', 1)[0] ?? ''
  const cost = Number(BCRYPT.exec(hash)?.groups?.['cost'])
  if (Number.isNaN(cost)) throw invalid(where, `the password of ${JSON.stringify(name)} is not kept as bcrypt`)
  if (cost < LEAST_COST || cost > HIGHEST_COST) throw invalid(where, `the cost of the password of ${JSON.stringify(name)} is ${cost}, which is not from ${LEAST_COST} to ${HIGHEST_COST}`)
  return { name, hash }
}

function invalid(where: string, what: string): MirrorError<ServerErrorCode> {
  return new MirrorError('ACCESS_INVALID', `Cannot use the users of ${where}: ${what}`, { hint: '`htpasswd -B FILE NAME` (from Apache) writes what is wanted; a name has no colon.' })
}
