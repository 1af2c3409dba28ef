import type { Json, JsonObject } from './json.ts'

/** How to lay out JSON text. */
export interface PythonJsonOptions {
  /** Spaces of indentation; without it the text is compact. */
  readonly indent?: number
  /** Sort the keys by code point (default true); else the order of the object. */
  readonly sort?: boolean
}

interface Layout {
  readonly indent: number | undefined
  readonly sort: boolean
}

/**
 * JSON text as CPython's `json.dumps(value, sort_keys=True, separators=(',', ':'))` writes it, or with `indent` as
 * `json.dumps(value, sort_keys=True, indent=n)` does: ASCII only, no newline at the end.
 */
export function formatPythonJson(value: Json, options: PythonJsonOptions = {}): string {
  return format(value, { indent: options.indent, sort: options.sort ?? true }, 0)
}

function format(value: Json, layout: Layout, level: number): string {
  if (typeof value === 'string') return formatString(value)
  if (value === null || typeof value !== 'object') return String(value)
  const parts = isArray(value) ? value.map((item) => format(item, layout, level + 1)) : formatMembers(value, layout, level)
  const [opening, closing] = isArray(value) ? '[]' : '{}'
  if (parts.length === 0) return `${opening}${closing}`
  if (layout.indent === undefined) return `${opening}${parts.join(',')}${closing}`
  const inner = `\n${' '.repeat(layout.indent * (level + 1))}`
  const outer = `\n${' '.repeat(layout.indent * level)}`
  return `${opening}${inner}${parts.join(`,${inner}`)}${outer}${closing}`
}

function formatMembers(value: JsonObject, layout: Layout, level: number): string[] {
  const separator = layout.indent === undefined ? ':' : ': '
  const members = Object.entries(value)
  if (layout.sort) members.sort(([a], [b]) => compareCodePoints(a, b))
  return members.map(([key, item]) => `${formatString(key)}${separator}${format(item, layout, level + 1)}`)
}

const PLAIN = /^[ !#-[\]-~]*$/
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\f', '\\f'],
  ['\b', '\\b'],
])

function formatString(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`
  return `"${text.replaceAll(/["\\]|[^ -~]/g, (unit) => ESCAPES.get(unit) ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`
}

/** Order of two strings by code point, as Python sorts them; UTF-16 order differs beyond U+FFFF. */
export function compareCodePoints(a: string, b: string): number {
  const shared = Math.min(a.length, b.length)
  for (let at = 0; at < shared; at++) {
    const x = a.charCodeAt(at)
    const y = b.charCodeAt(at)
    if (x === y) continue
    const isSurrogateX = x >= 0xd800 && x <= 0xdfff
    const isSurrogateY = y >= 0xd800 && y <= 0xdfff
    if (isSurrogateX !== isSurrogateY) return isSurrogateX ? 1 : -1
    return x - y
  }
  return a.length - b.length
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
