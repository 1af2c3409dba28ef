const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'], ['\\', '\\\\'], ['\n', '\\n'], ['\r', '\\r'], ['\t', '\\t'], ['\f', '\\f'], ['\b', '\\b'],
])

/** Raw JSON text that `jsonDumps` puts in as it is, so that a literal survives. */
export interface RawJson {
  readonly rawJson: string
}

/**
 * Formats a value as Python's `json.dumps(value, sort_keys=True, separators=(",", ":"))` does, which is what conda-index writes:
 * keys by code point, everything but printable ASCII escaped. With `indent` as `json.dumps(value, sort_keys=True, indent=…)`.
 * Numbers without a fraction are written as whole ones, bigints too. Throws a TypeError for what JSON cannot say.
 */
export function jsonDumps(value: unknown, { indent }: { readonly indent?: number } = {}): string {
  return dump(value, indent, 0)
}

function dump(value: unknown, indent: number | undefined, level: number): string {
  if (value === null) return 'null'
  switch (typeof value) {
    case 'boolean': return value ? 'true' : 'false'
    case 'string': return dumpString(value)
    case 'number': return dumpNumber(value)
    case 'bigint': return value.toString()
    case 'object': return isRaw(value) ? value.rawJson : dumpContainer(value, indent, level)
    default: throw new TypeError(`JSON has no ${typeof value}`)
  }
}

function isRaw(value: object): value is RawJson {
  return 'rawJson' in value && typeof value.rawJson === 'string' && Object.keys(value).length === 1
}

function dumpContainer(value: object, indent: number | undefined, level: number): string {
  const open = indent === undefined ? '' : `\n${' '.repeat(indent * (level + 1))}`
  const close = indent === undefined ? '' : `\n${' '.repeat(indent * level)}`
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => dump(item, indent, level + 1))
    return items.length === 0 ? '[]' : `[${open}${items.join(`,${open}`)}${close}]`
  }
  const members: [string, unknown][] = value instanceof Map ? [...value].map(([key, member]: [unknown, unknown]) => [String(key), member]) : Object.entries(value)
  const shown = members.filter(([, member]) => member !== undefined).sort(([left], [right]) => compareCodePoints(left, right))
  const colon = indent === undefined ? ':' : ': '
  const lines = shown.map(([key, member]) => `${dumpString(key)}${colon}${dump(member, indent, level + 1)}`)
  return lines.length === 0 ? '{}' : `{${open}${lines.join(`,${open}`)}${close}}`
}

function dumpString(text: string): string {
  const escaped = text.replaceAll(/["\\]|[^ -~]/g, (unit) => SHORT_ESCAPES.get(unit) ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return `"${escaped}"`
}

/** As Python's repr: shortest digits, an exponent below 1e-4 and from 1e16 on, with two digits at least. */
function dumpNumber(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`JSON has no ${value}`)
  if (Number.isInteger(value)) return Object.is(value, -0) ? '-0.0' : BigInt(value).toString()
  const [digits = '', power = ''] = value.toExponential().split('e')
  const exponent = Number(power)
  if (exponent >= -4) return String(value)
  return `${digits}e-${String(-exponent).padStart(2, '0')}`
}

/** Compares by code point, where JavaScript compares by UTF-16 unit. */
export function compareCodePoints(left: string, right: string): number {
  const length = Math.min(left.length, right.length)
  for (let at = 0; at < length; at += 1) {
    const a = left.charCodeAt(at)
    const b = right.charCodeAt(at)
    if (a !== b) return isSurrogate(a) === isSurrogate(b) ? a - b : isSurrogate(a) ? 1 : -1
  }
  return left.length - right.length
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff
}
