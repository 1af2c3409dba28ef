// What the jobs of select-job.mjs use, as the command ships it.
export { readIndexLayout, writeIndex } from '@mirror/core'
export { createRecordSelector } from '../src/select-records.ts'
export { selectRecords } from '../src/select-records.ts'
