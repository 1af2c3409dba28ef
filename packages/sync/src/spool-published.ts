import type { SpooledBytes } from '@mirror/repository-client'
import type { StoreReader } from '@mirror/store'
import type { SpoolSpace } from './spool-space.ts'

/** Copies a published file into a spool, where it stays whatever happens to the mirror; undefined when it is not there. */
export async function spoolPublished(path: string, { reader, spool }: { readonly reader: StoreReader | undefined; readonly spool: SpoolSpace }): Promise<SpooledBytes | undefined> {
  const opened = await reader?.openFile(path)
  if (opened?.status !== 'found') return undefined
  const writer = spool.create()
  for await (const chunk of opened.body) writer.write(chunk)
  return writer.end()
}
