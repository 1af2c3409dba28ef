import { runProcess } from './run-process.ts'

declare const DIFFTAR_VERSION: string

/** Node itself carries this, so that nothing else has to be there. It is started as a script, which cannot wait at its top. */
void runProcess({ version: DIFFTAR_VERSION, tool: process.execPath })
