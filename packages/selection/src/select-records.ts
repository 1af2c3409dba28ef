import { type IndexSink, scanIndex, type SubdirName } from '@mirror/core'
import { closeOver, type CloseOverOptions } from './closure/close-over.ts'
import type { ClosureChoice } from './closure/closure-types.ts'
import type { Decisions } from './decisions.ts'
import { readRecordRows } from './records/record-rows.ts'
import { noteMissingNames } from './rules/name-rules.ts'
import { codeOf } from './rules/rule-codes.ts'
import { noteUnmatchedSpecs } from './rules/spec-rules.ts'
import { noteUndated } from './rules/time-rules.ts'
import type { SelectableIndex } from './selectable-index.ts'
import type { Selected } from './selected.ts'
import type { Selection } from './selection.ts'
import { createSubdirSelector, type SubdirSelector } from './subdir-selector.ts'

/** What selecting depends on beside the indexes and the selection. */
export interface SelectRecordsOptions {
  /** Milliseconds since the epoch: what ages are counted from. */
  readonly now: number
  /** The channel's name or URL, for match specs that ask for one. Without it they go by what records say, which is mostly nothing. */
  readonly channel?: string | undefined
  /** Records of other channels that are used together with this one, for the closure. */
  readonly alongside?: CloseOverOptions['alongside']
}

/** Decides while indexes are read. */
export interface RecordSelector {
  /** A sink for one scan of the whole index of a subdir. Called again for a subdir, it begins anew: what was seen before counts no more. */
  readonly watch: (subdir: SubdirName) => IndexSink
  /** Decides on these indexes, once; those that no scan has shown to a sink of `watch` are scanned. */
  readonly finish: (indexes: readonly SelectableIndex[], alongside?: CloseOverOptions['alongside']) => Selected
}

const CLOSURE = codeOf('closure')

/**
 * Decides which records of a channel's indexes are wanted. The same input gives the same answer.
 *
 * Each index is scanned once; a record is parsed only where a rule needs a field that the scan does not note, and nothing cheaper has left the record out. In memory are
 * 2 bytes a record, about 12 more with `latest` and 17 with a preferred format. No record makes it throw: a field that is missing, or of another type than expected, is
 * absent.
 *
 * - Names are equal without regard to case. An empty list is no rule.
 * - A record without a size is not too big; one without a build number has 0; what is no version is older than all that are.
 * - A file that is neither `.conda` nor `.tar.bz2` is of no format, and `formats` leaves it alone.
 *
 * Throws `CLOSURE_UNSOLVABLE`, and what `scanIndex` throws where a document is not what it was when its layout was made.
 */
export function selectRecords(indexes: readonly SelectableIndex[], selection: Selection, options: SelectRecordsOptions): Selected {
  return createRecordSelector(selection, options).finish(indexes, options.alongside)
}

/**
 * The same for indexes that are still to be read: the scan that reads an index shows its records to a sink of `watch`, and none is scanned for a second time, but for a
 * closure. Throws at `finish`; a `RangeError` where an index has not the records that the sink was shown.
 */
export function createRecordSelector(selection: Selection, { now, channel }: SelectRecordsOptions): RecordSelector {
  const watched = new Map<SubdirName, SubdirSelector>()

  function begin(subdir: SubdirName): SubdirSelector {
    const selector = createSubdirSelector({ subdir, selection, now, channel })
    watched.set(subdir, selector)
    return selector
  }

  return {
    watch: (subdir) => begin(subdir).sink,
    finish(indexes, alongside) {
      const all = indexes.map((index) => ({ index, selector: watched.get(index.subdir) ?? scanSubdir(index, begin) }))
      for (const { index, selector } of all) selector.compare(index.layout.rows)
      const closing = all.map(({ index, selector: { decisions } }) => ({ index, decisions }))
      const closureNotes = selection.closure === undefined ? [] : keepClosed(closing, selection.closure, { channel, alongside })
      const selectors = all.map(({ selector }) => selector)
      return {
        subdirs: new Map(selectors.map(({ subdir, decisions }) => [subdir, decisions.finish(subdir)])),
        changesAt: earliest(selectors.map(({ rules }) => rules.changesAt())),
        notes: [...noteRules(selection, selectors), ...closureNotes],
      }
    },
  }
}

function scanSubdir({ subdir, source }: SelectableIndex, begin: (subdir: SubdirName) => SubdirSelector): SubdirSelector {
  const selector = begin(subdir)
  if (selector.sink.record !== undefined) scanIndex(source, selector.sink)
  return selector
}

function earliest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

function noteRules(selection: Selection, selectors: readonly SubdirSelector[]): readonly string[] {
  const rules = selectors.map((selector) => selector.rules)
  return [
    ...noteMissingNames(selection, rules.map(({ name }) => name)),
    ...noteUnmatchedSpecs(selection, rules.flatMap(({ specs }) => specs ?? [])),
    ...noteUndated(selection, rules.reduce((sum, { undated }) => sum + undated(), 0)),
  ]
}

interface Closing {
  readonly index: SelectableIndex
  readonly decisions: Decisions
}

/** The rule that looks at all that is left; gives its notes. */
function keepClosed(all: readonly Closing[], choice: ClosureChoice, { channel, alongside }: Pick<CloseOverOptions, 'channel' | 'alongside'>): readonly string[] {
  const rows = all.map(({ index }) => readRecordRows(index))
  const keep = new Map(all.map(({ index, decisions }) => [index.subdir, decisions.keep()]))
  const closed = closeOver(rows, { choice, keep, channel, alongside })
  all.forEach(({ index, decisions }, at) => {
    const wanted = closed.keep.get(index.subdir)
    for (let row = 0; row < decisions.rows(); row += 1) {
      if (!decisions.isKept(row) || (wanted?.[row] ?? 0) !== 0) continue
      decisions.decide(row, CLOSURE, sizeOf(rows[at]?.recordAt(row)))
    }
  })
  return closed.notes
}

function sizeOf(record: Readonly<Record<string, unknown>> | undefined): number {
  const size = record?.['size']
  return typeof size === 'number' && Number.isInteger(size) && size >= 0 ? size : 0
}
