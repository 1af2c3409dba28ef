import { runCasServer } from '../run-mirror.ts'
import { runProcess, SERVING_PATIENCE } from '../run-process.ts'

await runProcess(runCasServer, { patience: SERVING_PATIENCE })
