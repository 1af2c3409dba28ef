// What the jobs of index-job.mjs use of core.
export { compareIndexes, compareTables, createIndexLayoutBuilder, measureIndex, parseSubdirName, readIndexLayout, readIndexTable, writeIndex, writeIndexInSteps } from '../src/index.ts'
