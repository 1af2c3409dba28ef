import type { NotedField, RecordView } from '@mirror/core'
import { findBuiltFor } from '../python/python-need.ts'
import { createPythonJudge, createPythonRule, isPythonItself, type PythonJudge } from '../python/python-rule.ts'
import { findPythonStrings, mayMentionPython } from '../python/python-strings.ts'
import { createTexts, decodeText } from '../records/texts.ts'
import type { RecordCursor } from '../records/record-cursor.ts'
import type { Selection } from '../selection.ts'
import { type DearRule, MOST_VERDICTS } from './dear-rules.ts'

const QUOTE = 0x22

/**
 * True for a record that can run on one of the Pythons. Of its dependencies those that may be on Python are read, each text once, and each list of them is judged once;
 * records of Python itself, and what is written in a way that only parsing can tell, are parsed.
 */
export function createPythonVerdict({ pythonVersions = [] }: Selection): DearRule | undefined {
  if (pythonVersions.length === 0) return undefined
  const runs = createPythonRule(pythonVersions)
  const judge = createPythonJudge(pythonVersions)
  const isItself: (boolean | undefined)[] = []
  const found: number[] = []
  let lists = createNeedLists(judge)

  return (cursor) => {
    const view = cursor.view()
    const start = view.startOf('depends')
    if ((isItself[cursor.nameId()] ??= isPythonItself(cursor.name()))) return runs(cursor.parsed())
    if (start < 0 || !mayMentionPython(view.bytes, start, endOf(view, start))) return true
    const strings = findPythonStrings(view.bytes, start, found)
    if (strings === undefined) return runs(cursor.parsed())
    if (lists.isFull()) lists = createNeedLists(judge)
    const list = lists.find(view.bytes, strings)
    if (list.verdict !== undefined) return list.verdict
    const builtFor = readBuiltFor(cursor)
    return builtFor === undefined ? runs(cursor.parsed()) : lists.judgeBuild(list, builtFor)
  }
}

/** Fields that mostly stand behind `depends`. */
const BEHIND: readonly NotedField[] = ['license', 'md5', 'name']

/** A place behind the value of `depends`, not far away in most records. */
function endOf({ startOf, end }: RecordView, start: number): number {
  for (const field of BEHIND) {
    const next = startOf(field)
    if (next > start) return next
  }
  return end
}

/** What the build string says, "" for noarch; undefined when only parsing can tell. */
function readBuiltFor(cursor: RecordCursor): string | undefined {
  const { bytes, startOf } = cursor.view()
  const noarch = startOf('noarch')
  if (noarch < 0) return findBuiltFor(decodeText(cursor.raw('build')) ?? '')
  return bytes[noarch] === QUOTE && bytes[noarch + 1] !== QUOTE ? '' : undefined
}

/** Dependencies on Python, in their order. */
interface NeedList {
  readonly id: number
  readonly named: readonly string[]
  /** Undefined when the build string decides. */
  readonly verdict: boolean | undefined
  readonly builds: Map<string, boolean>
}

interface NeedLists {
  readonly find: (bytes: Uint8Array, strings: readonly number[]) => NeedList
  readonly judgeBuild: (list: NeedList, builtFor: string) => boolean
  readonly isFull: () => boolean
}

/** Each list once: from one list leads each further dependency to another. */
function createNeedLists({ concerns, judge, judgeBuild }: PythonJudge): NeedLists {
  const texts = createTexts()
  const doesConcern: (boolean | undefined)[] = []
  const empty: NeedList = { id: 0, named: [], verdict: true, builds: new Map() }
  const all = [empty]
  const steps = new Map<number, NeedList>()

  function follow(list: NeedList, id: number): NeedList {
    const key = list.id * 2 ** 26 + id
    const known = steps.get(key)
    if (known !== undefined) return known
    const named = [...list.named, texts.textAt(id)]
    const next: NeedList = { id: all.length, named, verdict: judge(named), builds: new Map() }
    all.push(next)
    steps.set(key, next)
    return next
  }

  return {
    isFull: () => texts.count() >= MOST_VERDICTS || all.length >= MOST_VERDICTS,
    find(bytes, strings) {
      let list = empty
      for (const start of strings) {
        const id = texts.idOfValue(bytes, start) ?? 0
        if ((doesConcern[id] ??= concerns(texts.textAt(id)))) list = follow(list, id)
      }
      return list
    },
    judgeBuild(list, builtFor) {
      const known = list.builds.get(builtFor)
      if (known !== undefined) return known
      const verdict = judgeBuild(list.named, builtFor)
      list.builds.set(builtFor, verdict)
      return verdict
    },
  }
}
