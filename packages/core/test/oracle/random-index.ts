import fc from 'fast-check'

/** How a document is written: blanks between tokens, and whether characters are escaped. */
export interface Style {
  readonly blank: string
  readonly ascii: boolean
}

/** A random index, with what a reader must find in it. */
export interface RandomDocument {
  readonly value: Readonly<Record<string, unknown>>
  readonly style: Style
  readonly records: readonly (readonly [string, string, unknown])[]
}

/** Texts with every kind of character, without half surrogate pairs. */
export const keyTexts: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }).filter((text) => text.isWellFormed()),
  fc.string({ unit: fc.constantFrom('"', '\\', '{', '}', ',', 'é', '😀', '\n', 'a', '\u007f'), maxLength: 150 }),
)

// Integer-like keys and "__proto__" change places in objects of JavaScript, which would be the test's fault.
const safeKeys = keyTexts.map((text) => `k${text}`)

const values: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, fc.constant(null), fc.boolean(), fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0)), keyTexts,
    fc.array(tie('value'), { maxLength: 4 }), fc.dictionary(safeKeys, tie('value'), { maxKeys: 4, noNullPrototype: true })),
}))['value'] ?? fc.constant(null)

const records = fc.dictionary(safeKeys, fc.dictionary(safeKeys, values, { maxKeys: 5, noNullPrototype: true }),
  { maxKeys: 6, noNullPrototype: true })

const styles: fc.Arbitrary<Style> = fc.record({ blank: fc.constantFrom('', '', ' ', '\n  ', '\r\n\t'), ascii: fc.boolean() })

/** Random indexes with all sections, members in any order. */
export const documents: fc.Arbitrary<RandomDocument> = fc.tuple(
  fc.record({ packages: records, 'packages.conda': records, v3: fc.record({ conda: records, whl: records }, { requiredKeys: [] }),
    removed: fc.array(keyTexts), other: values }, { requiredKeys: [] }),
  fc.shuffledSubarray(['packages', 'packages.conda', 'v3', 'removed', 'other'], { minLength: 5 }),
  styles,
).map(([parts, order, style]) => {
  const value = Object.fromEntries(order.filter((key) => key in parts).map((key) => [key, parts[key as keyof typeof parts]]))
  return { value, style, records: Object.entries(value).flatMap(([section, member]) => recordsOf(section, member)) }
})

function recordsOf(section: string, member: unknown): readonly (readonly [string, string, unknown])[] {
  if (section === 'packages' || section === 'packages.conda') return Object.entries(member as object).map(([key, record]) => [section,
  key, record] as const)
  if (section !== 'v3') return []
  return Object.entries(member as object).flatMap(([extension,
  all]) => Object.entries(all as object).map(([key, record]) => [`v3.${extension}`, `${key}.${extension}`, record] as const))
}

/** Writes JSON in a style. */
export function renderJson(value: unknown, style: Style): string {
  const { blank } = style
  if (typeof value === 'string') return renderString(value, style)
  if (Array.isArray(value)) return `[${blank}${value.map((item) => renderJson(item, style)).join(`${blank},${blank}`)}${blank}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([key,
      member]) => `${renderString(key, style)}${blank}:${blank}${renderJson(member, style)}`)
    return `{${blank}${members.join(`${blank},${blank}`)}${blank}}`
  }
  return JSON.stringify(value)
}

function renderString(text: string, { ascii }: Style): string {
  const json = JSON.stringify(text)
  return ascii ? json.replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`) : json
}
