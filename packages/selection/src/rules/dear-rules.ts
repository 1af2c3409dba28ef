import type { RecordCursor } from '../records/record-cursor.ts'

/** A rule that looks at the values of longer fields. */
export type DearRule = (cursor: RecordCursor) => boolean

/** More verdicts are not remembered at once: upstream says how many different values there are. */
export const MOST_VERDICTS = 10_000
