import { createDiskStore } from '@mirror/store'
import type { PageChannel } from '../pages/find-channel.ts'
import type { Site } from '../pages/site.ts'
import { planInProcess } from './plan-process.ts'
import { createTakeAways, type TakeAway } from './plans.ts'
import { createReferences, type References } from './references.ts'
import type { TakeAwayJob } from './plan-take-away.ts'
import type { TakeAwayBase, TakeAwayName } from './take-away-name.ts'

/** What a server has for those who take deltas away. */
export interface TakeAwayCounter {
  readonly references: References
  /** Plans what is wanted, or answers what was planned; `absent` for a reference that is not here. */
  readonly open: (channel: PageChannel, name: TakeAwayName, patience: number) => Promise<TakeAway | { readonly status: 'absent' }>
  /** Runs a download, unless too many run already: then it answers false. */
  readonly download: (run: () => Promise<void>) => Promise<boolean>
}

/** Bytes of a reference. That of two million artifacts has as many. */
export const LARGEST_REFERENCE = 268_435_456
const DOWNLOADS = 4

const counters = new WeakMap<Site, TakeAwayCounter>()

/** The counter of a site, which is opened when it is first wanted. */
export function openCounter(site: Site): TakeAwayCounter {
  const known = counters.get(site) ?? createCounter(site)
  counters.set(site, known)
  return known
}

function createCounter({ temporaryFolder }: Site): TakeAwayCounter {
  const references = createReferences({ folder: temporaryFolder, largest: LARGEST_REFERENCE, clock: Date.now })
  const deltas = createTakeAways({ plan: async (job) => await planInProcess(job) })
  let downloads = 0
  return {
    references,
    async open({ root, folder }, { base, target }, patience) {
      const job = await createJob({ root, folder, target }, base, references)
      if (job === undefined) return { status: 'absent' }
      const state = (await createDiskStore({ root }).read(target))?.generation.id
      return state === undefined ? { status: 'gone' } : await deltas.open(JSON.stringify([job, state]), job, patience)
    },
    async download(run) {
      if (downloads >= DOWNLOADS) return false
      downloads += 1
      try {
        await run()
        return true
      } finally {
        downloads -= 1
      }
    },
  }
}

async function createJob(place: Omit<TakeAwayJob, 'base'>, base: TakeAwayBase, references: References): Promise<TakeAwayJob | undefined> {
  if (base.kind !== 'reference') return { ...place, base }
  const path = await references.find(base.id)
  return path === undefined ? undefined : { ...place, base: { kind: 'reference', path } }
}
