import { isMirrorError, matchesRecord, type MatchableRecord, type MatchSpec, NOARCH, parseMatchSpec, scanIndex, type SubdirName } from '@mirror/core'
import { createRecordCursor, type ParsedRecord, type RecordCursor } from './records/record-cursor.ts'
import { createTexts } from './records/texts.ts'
import { createVersionTexts } from './records/version-texts.ts'
import { ruleOf } from './rules/rule-codes.ts'
import type { SelectableIndex } from './selectable-index.ts'
import type { Selected, SelectedSubdir } from './selected.ts'
import type { RuleName } from './selection.ts'

/** A record that asks for another. */
export interface Dependent {
  readonly subdir: SubdirName
  /** Its artifact's file name. */
  readonly artifact: string
  /** The spec in its `depends` that the other record matches, as it is written; the first of them. */
  readonly spec: string
  readonly isKept: boolean
}

/** Why a record is wanted or not. */
export interface RecordExplanation {
  readonly subdir: SubdirName
  readonly artifact: string
  readonly isKept: boolean
  /** The rule that decided; undefined where none did, and the record is kept. Where several leave it out, one of them. */
  readonly rule: RuleName | undefined
  readonly record: Readonly<Record<string, unknown>>
  /** Records that depend on it, in the order of the indexes. */
  readonly dependents: readonly Dependent[]
}

/** What was selected, and how. */
export interface ExplainRecordOptions {
  readonly indexes: readonly SelectableIndex[]
  /** What `selectRecords` made of these indexes. */
  readonly selected: Selected
  /** As for `selectRecords`. */
  readonly channel?: string | undefined
}

/**
 * Says of each record that lists an artifact whether it is wanted, which rule decided, and which records depend on it: those of its own subdir and of noarch, or of all
 * subdirs when it is noarch itself. One explanation for each subdir that lists the file name; none where no index does. Specs that cannot be read ask for nothing.
 */
export function explainRecord(artifact: string, { indexes, selected, channel }: ExplainRecordOptions): readonly RecordExplanation[] {
  return indexes.flatMap((index) => findRecords(index, artifact, channel).map((found) => ({
    subdir: index.subdir,
    artifact,
    ...decisionOf(selected.subdirs.get(index.subdir), found.row),
    record: found.record,
    dependents: indexes.filter((other) => canDepend(other.subdir, index.subdir)).flatMap((other) => findDependents(other, found, selected.subdirs.get(other.subdir))),
  })))
}

/** A solver sees a platform and noarch. */
function canDepend(dependent: SubdirName, subdir: SubdirName): boolean {
  return subdir === NOARCH || dependent === subdir || dependent === NOARCH
}

function decisionOf(selected: SelectedSubdir | undefined, row: number): { readonly isKept: boolean; readonly rule: RuleName | undefined } {
  return { isKept: (selected?.keep?.[row] ?? 1) !== 0, rule: ruleOf(selected?.decidedBy?.[row] ?? 0) }
}

interface FoundRecord {
  readonly row: number
  readonly record: ParsedRecord
  readonly matchable: MatchableRecord
}

/** Mostly one; `packages` and a section of `v3` may both have it. */
function findRecords(index: SelectableIndex, artifact: string, channel: string | undefined): readonly FoundRecord[] {
  const found: FoundRecord[] = []
  scanCursor(index, channel, (cursor, row) => {
    if (cursor.view().key() !== artifact) return
    found.push({ row, record: cursor.parsed(), matchable: copyMatchable(cursor) })
  })
  return found
}

/** The cursor moves on. */
function copyMatchable({ matchable, parsed }: RecordCursor): MatchableRecord {
  const { name, version, build, build_number, md5, sha256, url, subdir, channel, fn } = matchable
  return { ...parsed(), name, version, build, build_number, md5, sha256, url, subdir, channel, fn }
}

function scanCursor(index: SelectableIndex, channel: string | undefined, visit: (cursor: RecordCursor, row: number) => void): void {
  const cursor = createRecordCursor({ subdir: index.subdir, channel, names: createTexts(), versions: createVersionTexts() })
  let row = 0
  scanIndex(index.source, {
    record(view) {
      cursor.moveTo(view)
      visit(cursor, row)
      row += 1
    },
  })
}

function findDependents(index: SelectableIndex, { matchable }: FoundRecord, selected: SelectedSubdir | undefined): readonly Dependent[] {
  const found: Dependent[] = []
  const isWanted = createSpecCheck(matchable)
  scanCursor(index, undefined, (cursor, row) => {
    if (!cursor.mentions(matchable.name)) return
    const { depends } = cursor.parsed()
    const spec = Array.isArray(depends) ? depends.find((text: unknown) => typeof text === 'string' && isWanted(text)) : undefined
    if (typeof spec === 'string') found.push({ subdir: index.subdir, artifact: cursor.view().key(), spec, isKept: (selected?.keep?.[row] ?? 1) !== 0 })
  })
  return found
}

/** Whether a spec asks for the record; equal texts are read once. */
function createSpecCheck(record: MatchableRecord): (text: string) => boolean {
  const known = new Map<string, boolean>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined) return found
    const spec = text.toLowerCase().includes(record.name.toLowerCase()) ? readSpec(text) : undefined
    const matches = spec !== undefined && matchesRecord(spec, record)
    known.set(text, matches)
    return matches
  }
}

function readSpec(text: string): MatchSpec | undefined {
  try {
    return parseMatchSpec(text)
  } catch (error) {
    if (isMirrorError(error, 'MATCH_SPEC_INVALID')) return undefined
    throw error
  }
}
