import { planTakeAway, type TakeAwayJob } from './plan-take-away.ts'

// References are foreign, and may be made to fill the memory of whoever reads them: then it is that of this process alone.
process.once('message', (job: TakeAwayJob) => {
  void planTakeAway(job).then((plan) => process.send?.(plan))
})
