import { runCasMerge } from '../run-mirror.ts'
import { runProcess } from '../run-process.ts'

await runProcess(runCasMerge)
