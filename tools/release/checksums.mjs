import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { parseSecretKey, signBytes } from '@mirror/difftar'
import { ToolError } from '../lib/fail.mjs'

const filesIn = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))

/** Every file below a folder: `{ path, sha256, size }`, sorted by path. */
export const sumFiles = (folder) =>
  filesIn(folder)
    .map((file) => ({ path: relative(folder, file).split(sep).join('/'), sha256: createHash('sha256').update(readFileSync(file)).digest('hex'), size: statSync(file).size }))
    .sort((one, other) => (one.path < other.path ? -1 : 1))

/** The secret key in a file. Throws a `ToolError`. */
export const readKey = (path) => {
  try {
    return parseSecretKey(readFileSync(path, 'utf8'), process.env['MIRROR_SIGN_PASSWORD'])
  } catch (error) {
    throw new ToolError(`Cannot sign: ${error.message}`, '`mirror delta new-key NAME` makes a key; the password of an encrypted one is taken from MIRROR_SIGN_PASSWORD.')
  }
}

/** Writes SHA256SUMS, as `sha256sum -c` reads it, and with a key SHA256SUMS.minisig, as `minisign -V` does. */
export const writeSums = ({ folder, sums, key }) => {
  const text = Buffer.from(sums.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join(''))
  writeFileSync(join(folder, 'SHA256SUMS'), text)
  if (key !== undefined) writeFileSync(join(folder, 'SHA256SUMS.minisig'), signBytes(text, { key, comment: 'file:SHA256SUMS' }))
}

/** For people: a line a file. */
export const formatSums = (sums) => sums.map(({ path, sha256, size }) => `${sha256}  ${String(Math.ceil(size / 1024)).padStart(6)} KiB  ${path}\n`).join('')
