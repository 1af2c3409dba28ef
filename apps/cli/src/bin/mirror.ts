import { runMirror } from '../run-mirror.ts'
import { runProcess, SERVING_PATIENCE } from '../run-process.ts'

await runProcess(runMirror, process.argv[2] === 'serve' ? { patience: SERVING_PATIENCE } : {})
