/** Tells what is wrong with a value, or with what lies in it at `path`; answers undefined, so that a reader can return it. */
export type Fault = (message: string, path?: readonly (string | number)[]) => undefined

/** Reads the value of a key. Undefined when it told a fault. */
export type Reader<Value> = (value: unknown, fault: Fault) => Value | undefined

/** A list, or a value that counts as a list of one; `false` is an empty one. Items that are equal by `identify` are taken once. */
export function listReader<Value>(item: Reader<Value>, identify?: (value: Value) => string): Reader<readonly Value[]> {
  return (value, fault) => {
    if (value === false) return []
    const read = Array.isArray(value) ? value.map((one: unknown, index) => readItem(item, one, below(fault, index))) : [readItem(item, value, fault)]
    const found = read.filter((one) => one !== undefined)
    if (found.length < read.length) return undefined
    return identify === undefined ? found : [...new Map(found.map((one) => [identify(one), one])).values()]
  }
}

function readItem<Value>(item: Reader<Value>, value: unknown, fault: Fault): Value | undefined {
  return value === null || value === undefined ? fault('is empty') : item(value, fault)
}

/** Tells faults of what lies at `step`. */
export function below(fault: Fault, step: string | number): Fault {
  return (message, path = []) => fault(message, [step, ...path])
}

/** What `false` switches off. */
export function switchable<Value>(reader: Reader<Value>): Reader<Value | false> {
  return (value, fault) => (value === false ? false : reader(value, fault))
}

/** What `parse` reads; anything else is told as `takes`. */
export function parsedBy<Value>(parse: (value: unknown) => Value | undefined, takes: string): Reader<Value> {
  return (value, fault) => parse(value) ?? fault(takes)
}

/** A text that is not empty, without the spaces around it. */
export function textReader(takes: string): Reader<string> {
  return parsedBy((value) => (typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined), takes)
}

/** Readers of the keys that a mapping may have. */
export type FieldReaders<Fields extends object> = { readonly [Key in keyof Fields]-?: Reader<Exclude<Fields[Key], undefined>> }

/** A reader that knows which keys it reads. */
export type MappingReader<Fields extends object> = Reader<Partial<Fields>> & { readonly keys: readonly string[] }

/** A mapping of some of the given keys; others are read over. A key without a value counts as left out; one that is wrong is told, and left out as well. */
export function mappingReader<Fields extends object>(readers: FieldReaders<Fields>, takes: string): MappingReader<Fields> {
  const read: Reader<Partial<Fields>> = (value, fault) => {
    if (!isMapping(value)) return fault(takes)
    const fields: Partial<Fields> = {}
    for (const key in readers) {
      const field = value[key]
      if (field === null || field === undefined) continue
      const found = readers[key](field, below(fault, key))
      if (found !== undefined) fields[key] = found
    }
    return fields
  }
  return Object.assign(read, { keys: Object.keys(readers) })
}

/** True for what YAML and JSON have as a mapping. */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}
