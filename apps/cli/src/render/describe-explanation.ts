import type { Explanation } from '@mirror/sync'
import { formatCount, formatNoun } from './format.ts'

const SHOWN = 10

/** Why a channel's mirror has an artifact or not, in words; ends with a line feed. */
export function describeExplanation({ channel, artifact, records, notes }: Explanation): string {
  if (records.length === 0) return `${channel}: no index lists ${artifact}\n`
  return `${[...records.flatMap((record) => describeRecord(channel, record)), ...notes.map((note) => `  note: ${note}`)].join('\n')}\n`
}

function describeRecord(channel: string, { subdir, artifact, isKept, rule, dependents }: Explanation['records'][number]): readonly string[] {
  const decision = rule === undefined ? 'kept: no rule says otherwise' : `${isKept ? 'kept' : 'left out'}: decided by "${rule}"`
  const kept = dependents.filter((dependent) => dependent.isKept)
  const shown = [...kept, ...dependents.filter((dependent) => !dependent.isKept)].slice(0, SHOWN)
  return [
    `${channel}/${subdir}/${artifact}`,
    `  ${decision}`,
    `  ${dependents.length === 0 ? 'nothing depends on it' : `${formatNoun(dependents.length, 'record')} can use it, ${formatCount(kept.length)} of them kept`}`,
    ...shown.map((dependent) => `    ${dependent.subdir}/${dependent.artifact} needs "${dependent.spec}"${dependent.isKept ? '' : ' (left out)'}`),
    ...(dependents.length > SHOWN ? [`    ${formatCount(dependents.length - SHOWN)} more`] : []),
  ]
}
