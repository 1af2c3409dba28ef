import { runCasSyncApiV5 } from '../run-mirror.ts'
import { runProcess } from '../run-process.ts'

await runProcess(runCasSyncApiV5)
