import { runCasSyncApiV4 } from '../run-mirror.ts'
import { runProcess } from '../run-process.ts'

await runProcess(runCasSyncApiV4)
