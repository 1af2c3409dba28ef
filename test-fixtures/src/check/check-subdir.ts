import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { isJsonObject, type JsonObject, objectIn, parseJson, stringIn } from '../json.ts'
import { checkArtifacts } from './check-artifacts.ts'
import { checkShards } from './check-shards.ts'
import { checkCompressedForms } from './check-variants.ts'
import { canonical, collectRecordSet, fileNameOf, type RecordSet } from './record-set.ts'

/** What one subdir holds. */
export interface CheckedSubdir {
  /** How many artifacts its index lists. */
  readonly artifacts: number
  readonly problems: readonly string[]
  /** Files that nothing accounts for, relative to the subdir. */
  readonly extra: readonly string[]
  /** Names of the packages listed. */
  readonly names: ReadonlySet<string>
}

const PLAIN_FILES: readonly string[] = ['repodata_from_packages.json', 'patch_instructions.json']
const OTHER_FILES: readonly string[] = ['index.html', 'repodata_shards_from_packages.msgpack.zst']

/** Checks one subdir folder of a mirror as a client would read it. */
export async function checkSubdir(folder: string, subdir: string): Promise<CheckedSubdir> {
  const problems: string[] = []
  const report = (problem: string): void => {
    problems.push(`${subdir}: ${problem}`)
  }
  const document = await readDocument(folder, 'repodata.json', report)
  if (document === undefined) return { artifacts: 0, problems, extra: [], names: new Set() }
  checkInfo(document, subdir, report)
  const records = collectRecordSet(document)
  const listed = [...records].map(([key, record]) => ({ fileName: fileNameOf(key), record }))
  checkListing(document, listed.map(({ fileName }) => fileName), report)
  await checkArtifacts(folder, listed, report)
  const known = new Set([...listed.map(({ fileName }) => fileName), ...OTHER_FILES])
  for (const file of await checkIndexFiles(folder, records, report)) known.add(file)
  for (const file of (await checkShards({ folder, subdir, expected: records, report })).files) known.add(file)
  const extra = (await listFiles(folder)).filter((file) => !known.has(file))
  return { artifacts: listed.length, problems, extra, names: new Set([...records.values()].map((record) => stringIn(record, 'name') ?? '')) }
}

async function readDocument(folder: string, name: string, report: (problem: string) => void): Promise<JsonObject | undefined> {
  try {
    const document = parseJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(join(folder, name))))
    if (isJsonObject(document)) return document
    report(`${name}: not an object`)
  } catch (error) {
    report(`${name}: ${error instanceof Error ? error.message : String(error)}`)
  }
  return undefined
}

function checkInfo(document: JsonObject, subdir: string, report: (problem: string) => void): void {
  const info = objectIn(document, 'info')
  if (info['subdir'] !== undefined && info['subdir'] !== subdir) report(`info.subdir is ${JSON.stringify(info['subdir'])}`)
  const base = info['base_url']
  if (base !== undefined && base !== '' && base !== '.' && base !== './') report(`info.base_url is ${JSON.stringify(base)}`)
  const revision = objectIn(objectIn(info, 'repodata_revisions'), 'v3')
  const count = Object.values(objectIn(document, 'v3')).reduce((total: number, section) => total + Object.keys(isJsonObject(section) ? section : {}).length, 0)
  if (revision['n_packages'] !== undefined && revision['n_packages'] !== count) {
    report(`info.repodata_revisions says ${JSON.stringify(revision['n_packages'])} packages, v3 has ${count}`)
  }
}

function checkListing(document: JsonObject, fileNames: readonly string[], report: (problem: string) => void): void {
  const seen = new Set<string>()
  for (const fileName of fileNames) {
    if (seen.has(fileName)) report(`${fileName}: listed twice`)
    seen.add(fileName)
  }
  const removed = document['removed']
  if (!Array.isArray(removed)) return
  for (const fileName of removed) if (typeof fileName === 'string' && seen.has(fileName)) report(`${fileName}: listed and in removed`)
}

async function checkIndexFiles(folder: string, records: RecordSet, report: (problem: string) => void): Promise<string[]> {
  const found: string[] = []
  for (const name of ['repodata.json', 'current_repodata.json', 'run_exports.json', ...PLAIN_FILES]) {
    found.push(...(await checkCompressedForms(folder, name, report)))
  }
  for (const name of ['current_repodata.json', 'run_exports.json']) {
    if (!found.includes(name)) continue
    const document = await readDocument(folder, name, report)
    if (document !== undefined) checkSubset(collectRecordSet(document), records, { name, isEqual: name === 'current_repodata.json', report })
  }
  return found
}

function checkSubset(
  part: RecordSet,
  whole: RecordSet,
  options: { readonly name: string; readonly isEqual: boolean; readonly report: (problem: string) => void },
): void {
  for (const [key, record] of part) {
    const expected = whole.get(key)
    if (expected === undefined) options.report(`${options.name}: ${key} is not in repodata.json`)
    // conda-index adds this one to current_repodata.json.
    else if (options.isEqual && canonical({ ...record, legacy_bz2_md5: null }) !== canonical({ ...expected, legacy_bz2_md5: null })) {
      options.report(`${options.name}: ${key} differs from repodata.json`)
    }
  }
}

async function listFiles(folder: string): Promise<string[]> {
  const files: string[] = []
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) files.push(entry.name)
    else if (entry.name !== 'shards') files.push(`${entry.name}/`)
    else files.push(...(await readdir(join(folder, entry.name))).map((name) => `shards/${name}`))
  }
  return files
}
