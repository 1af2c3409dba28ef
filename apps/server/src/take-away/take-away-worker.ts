import { parentPort, workerData } from 'node:worker_threads'
import { planTakeAway, type TakeAwayJob } from './plan-take-away.ts'

// References are foreign, and may be made to fill the memory of whoever reads them: then it is that of this thread alone.
const job: TakeAwayJob = workerData
parentPort?.postMessage(await planTakeAway(job))
