import { isJsonObject } from '@mirror/core'

/** A configuration as nested mappings. */
export type ConfigTree = Readonly<Record<string, unknown>>

/**
 * Lays one configuration over another, as anaconda-client does: mappings are merged, at any depth; whatever else there is replaces what was there. A mapping that is left
 * empty (`sites:` with nothing behind it) leaves what is there; the client fails of that.
 */
export function mergeConfig(base: ConfigTree, over: ConfigTree): ConfigTree {
  const merged = new Map(Object.entries(base))
  for (const [key, value] of Object.entries(over)) merged.set(key, mergeValue(merged.get(key), value))
  // Not assignments: a key may be `__proto__`.
  return Object.fromEntries(merged)
}

function mergeValue(base: unknown, over: unknown): unknown {
  if (isJsonObject(over)) return mergeConfig(isJsonObject(base) ? base : {}, over)
  return over === null && isJsonObject(base) ? base : over
}

/** The value below some keys, and whether there is one, `null` included. */
export function findValue(tree: unknown, path: readonly (string | number)[]): { readonly value: unknown } | undefined {
  const [key, ...rest] = path
  if (key === undefined) return { value: tree }
  if (!isJsonObject(tree) || !Object.hasOwn(tree, key)) return undefined
  return findValue(tree[key], rest)
}
