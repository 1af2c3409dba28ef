import { type JsonObject, isJsonObject, objectIn, stringIn } from './json.ts'

/**
 * The newest version of every name and nothing else: what `current_repodata.json` is for, without the dependency pass
 * that conda-index adds. Versions are compared number by number, which is enough for fixtures.
 */
export function createCurrentRepodata(document: JsonObject): JsonObject {
  const sections = ['packages', 'packages.conda']
  const newest = new Map<string, string>()
  for (const section of sections) {
    for (const record of Object.values(objectIn(document, section))) noteNewest(newest, record)
  }
  const kept = (section: string): JsonObject =>
    Object.fromEntries(
      Object.entries(objectIn(document, section)).filter(
        ([, record]) => isJsonObject(record) && newest.get(stringIn(record, 'name') ?? '') === stringIn(record, 'version'),
      ),
    )
  return { ...document, packages: kept('packages'), 'packages.conda': kept('packages.conda') }
}

function noteNewest(newest: Map<string, string>, record: unknown): void {
  if (!isJsonObject(record)) return
  const name = stringIn(record, 'name') ?? ''
  const version = stringIn(record, 'version') ?? ''
  const known = newest.get(name)
  if (known === undefined || isNewer(version, known)) newest.set(name, version)
}

const COLLATOR = new Intl.Collator('en', { numeric: true })

function isNewer(a: string, b: string): boolean {
  return COLLATOR.compare(a, b) > 0
}
