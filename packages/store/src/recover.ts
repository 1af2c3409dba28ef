import { join } from 'node:path'
import { applyJournal } from './apply-journal.ts'
import type { DiskContext } from './disk-context.ts'
import { removeIfThere } from './disk-write.ts'
import type { StoreEvent } from './events.ts'
import { readHead } from './generation-file.ts'
import { JOURNAL_DRAFT, readJournals } from './journal.ts'

/**
 * Brings a store that a broken run left to a state that is whole: a journal is carried out from its beginning, which does again what is done already;
 * a draft of one is dropped. Staged bytes stay: the next transaction verifies and uses them. Needs the lock.
 */
export async function recover(context: DiskContext, observe: (event: StoreEvent) => void): Promise<void> {
  const { io, paths } = context
  const head = readHead(context.paths)?.generation.number ?? 0
  for (const { path, journal } of readJournals(context)) {
    if (journal === undefined || journal.manifest.generation.number <= head) {
      if (journal === undefined) observe({ type: 'store-warning', warning: 'journal-damaged' })
      removeIfThere(io, path)
      await io.syncDirectory(paths.journal)
    } else {
      await applyJournal(context, journal, observe)
      observe({ type: 'store-recovered', direction: 'forward', generation: journal.manifest.generation.number })
    }
  }
  if (removeIfThere(io, join(paths.staging, JOURNAL_DRAFT))) observe({ type: 'store-recovered', direction: 'back', generation: head })
}
