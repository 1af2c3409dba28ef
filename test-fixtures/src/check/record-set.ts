import { isJsonObject, type JsonObject, objectIn } from '../json.ts'
import type { Packable } from '../msgpack.ts'

/** Section and key, such as `packages.conda/a-1-0.conda` or `v3/conda/a-1-0` → record. */
export type RecordSet = ReadonlyMap<string, JsonObject>

/** All records of an index document. */
export function collectRecordSet(document: JsonObject): RecordSet {
  const records = new Map<string, JsonObject>()
  const add = (section: JsonObject, prefix: string): void => {
    for (const [key, record] of Object.entries(section)) if (isJsonObject(record)) records.set(prefix + key, record)
  }
  add(objectIn(document, 'packages'), 'packages/')
  add(objectIn(document, 'packages.conda'), 'packages.conda/')
  for (const [extension, section] of Object.entries(objectIn(document, 'v3'))) if (isJsonObject(section)) add(section, `v3/${extension}/`)
  return records
}

/** The file that a key of a record set stands for. */
export function fileNameOf(key: string): string {
  const parts = key.split('/')
  const [section = '', second = ''] = parts
  return section === 'v3' ? `${parts.slice(2).join('/')}.${second}` : parts.slice(1).join('/')
}

/** Text that is equal for equal records, whatever the order of their keys. */
export function canonical(value: Packable): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    isJsonObject(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item,
  )
}
