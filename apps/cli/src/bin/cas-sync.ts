import { runCasSync } from '../run-mirror.ts'
import { runProcess } from '../run-process.ts'

await runProcess(runCasSync)
