/** Any JSON value, never changed in place. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject

/** A JSON object, never changed in place. */
export interface JsonObject {
  readonly [key: string]: Json
}

/** True for an object that is neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Parses JSON text; throws `SyntaxError` as `JSON.parse` does. */
export function parseJson(text: string): Json {
  const value: Json = JSON.parse(text)
  return value
}

/** The object under a key, or an empty one. */
export function objectIn(parent: JsonObject, key: string): JsonObject {
  const value = parent[key]
  return isJsonObject(value) ? value : {}
}

/** The string under a key, or undefined. */
export function stringIn(parent: JsonObject, key: string): string | undefined {
  const value = parent[key]
  return typeof value === 'string' ? value : undefined
}

/** A copy of an object without some of its keys. */
export function withoutKeys<V>(object: Readonly<Record<string, V>>, keys: readonly string[]): Record<string, V> {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)))
}
