import { type ArtifactSet, compareTables, createIndexTableBuilder, type IndexTable, readIndexTable, type SubdirName } from '@mirror/core'
import type { SubdirState } from '@mirror/delta'
import type { ChangeKind, ChangeNote, DiskStore, StoreReader } from '@mirror/store'

/** Larger ones would take a table of a million rows to be made for somebody who looks at a page. */
const MOST_BYTES = 134_217_728
const MOST_NAMES = 50_000

/**
 * Compares a generation with the one before it, from the indexes of both. Undefined where one of them is not kept any more, or what differs is larger than 128 MiB.
 */
export async function compareGenerations(store: DiskStore, generation: number): Promise<ChangeNote | undefined> {
  const [after, before] = [await store.read(generation), await store.read(generation - 1)]
  if (after === undefined || before === undefined) return undefined
  const pairs = pairSubdirs(before, after)
  const bytes = pairs.flatMap(({ old, young }) => [old, young]).reduce((sum, state) => sum + (state?.document.size ?? 0), 0)
  if (bytes > MOST_BYTES) return undefined
  const found: Found = { added: [], removed: [], replaced: [], relisted: [] }
  let relisted = 0
  for (const { subdir, old, young } of pairs) {
    const base = await readTable(before, subdir, old)
    const target = await readTable(after, subdir, young)
    if (base === undefined || target === undefined) return undefined
    const compared = compareTables({ base, target })
    relisted += compared.relisted
    found.added.push(compared.added)
    found.removed.push(compared.removed)
    found.replaced.push(compared.replaced.after)
    found.relisted.push(compared.relistedSome)
  }
  return { generation, changes: describe(found, relisted) }
}

interface SubdirPair {
  readonly subdir: SubdirName
  readonly old: SubdirState | undefined
  readonly young: SubdirState | undefined
}

/** Subdirs whose documents differ. */
function pairSubdirs(before: StoreReader, after: StoreReader): readonly SubdirPair[] {
  const find = ({ generation }: StoreReader, name: SubdirName): SubdirState | undefined => generation.state.subdirs.find(({ subdir }) => subdir === name)
  const names = [...new Set([before, after].flatMap(({ generation }) => generation.state.subdirs.map(({ subdir }) => subdir)))].toSorted()
  return names.map((subdir) => ({ subdir, old: find(before, subdir), young: find(after, subdir) })).filter(({ old, young }) => old?.document.sha256 !== young?.document.sha256)
}

async function readTable(reader: StoreReader, subdir: SubdirName, state: SubdirState | undefined): Promise<IndexTable | undefined> {
  if (state === undefined) return readIndexTable(new Uint8Array(), subdir)
  const builder = createIndexTableBuilder(subdir)
  const opened = await reader.openFile(state.document.path)
  if (opened.status !== 'found') return undefined
  for await (const piece of opened.body) builder.write(piece)
  return builder.end()
}

type Found = Readonly<Record<ChangeKind, ArtifactSet[]>>

function describe({ added, removed, replaced, relisted }: Found, relistedCount: number): ChangeNote['changes'] {
  return { added: nameAll(added), removed: nameAll(removed), replaced: nameAll(replaced), relisted: { ...nameAll(relisted), count: relistedCount } }
}

function nameAll(sets: readonly ArtifactSet[]): ChangeNote['changes']['added'] {
  const paths: string[] = []
  for (const set of sets) for (const { subdir, name } of set) if (paths.length < MOST_NAMES) paths.push(`${subdir}/${name}`)
  return { count: sets.reduce((sum, { count }) => sum + count, 0), paths }
}
