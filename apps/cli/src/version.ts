import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'

/** The version of this package, from the nearest `package.json` above this module, bundled or not. */
export function readVersion(): string {
  const path = findPackageJSON(import.meta.url)
  const content: unknown = path === undefined ? undefined : JSON.parse(readFileSync(path, 'utf8'))
  const version = typeof content === 'object' && content !== null && 'version' in content ? content.version : undefined
  return typeof version === 'string' ? version : 'unknown'
}
