import type { GuardLimits } from '@mirror/delta'
import type { Flags } from '../command-line/flags.ts'

/** The guards' overrides of the command line. */
export function readLimits({ allowEmpty, allowShrink, allowSelection, allowRollback }: Flags): Partial<GuardLimits> {
  return {
    allowEmpty,
    allowRollback,
    ...(allowShrink ? { shrinkRecords: Infinity } : {}),
    ...(allowSelection ? { selectionShare: Infinity } : {}),
  }
}
