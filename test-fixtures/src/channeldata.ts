import { isJsonObject, type JsonObject, objectIn, stringIn } from './json.ts'

const FLAGS = ['activate.d', 'binary_prefix', 'deactivate.d', 'post_link', 'pre_link', 'pre_unlink', 'text_prefix']

/** `channeldata.json` [CEP 38] with what records tell: versions, licences, subdirs, the newest timestamp in seconds. */
export function createChanneldata(documents: readonly JsonObject[]): JsonObject {
  const packages: Record<string, JsonObject> = {}
  const subdirs: string[] = []
  for (const document of documents) {
    const subdir = stringIn(objectIn(document, 'info'), 'subdir') ?? ''
    subdirs.push(subdir)
    const records = ['packages', 'packages.conda'].flatMap((section) => Object.values(objectIn(document, section)))
    for (const record of records) if (isJsonObject(record)) addPackage(packages, subdir, record)
  }
  return { channeldata_version: 1, packages, subdirs: subdirs.sort() }
}

function addPackage(packages: Record<string, JsonObject>, subdir: string, record: JsonObject): void {
  const name = stringIn(record, 'name') ?? ''
  const version = stringIn(record, 'version') ?? ''
  const known = packages[name]
  const timestamp = Math.floor(numberIn(record, 'timestamp') / 1000)
  const isNewest = known === undefined || timestamp >= numberIn(known, 'timestamp')
  packages[name] = {
    ...Object.fromEntries(FLAGS.map((flag) => [flag, false])),
    license: record['license'] ?? null,
    ...known,
    ...(isNewest ? { timestamp, version } : {}),
    run_exports: { ...(known === undefined ? {} : objectIn(known, 'run_exports')), [version]: {} },
    subdirs: [...new Set([...listIn(known, 'subdirs'), subdir])].sort(),
  }
}

function numberIn(parent: JsonObject, key: string): number {
  const value = parent[key]
  return typeof value === 'number' ? value : 0
}

function listIn(parent: JsonObject | undefined, key: string): string[] {
  const value = parent?.[key]
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}
