import { isMirrorError } from '@mirror/core'
import { createDiskStore, type Snapshot } from '@mirror/store'
import type { PageChannel } from './find-channel.ts'
import { renderAge } from './formats.ts'
import { html, type Html } from './html.ts'
import { joinFolder } from './join-folder.ts'
import { renderSection, renderTable } from './parts.ts'
import { textOf } from './text-of.ts'

/** The states of a channel that have names, with links to them; nothing where there are none. */
export async function renderSnapshots({ root, isStore, folder, snapshot }: PageChannel, page: { readonly root: string; readonly now: number }): Promise<Html | undefined> {
  const snapshots = isStore && snapshot === undefined ? await readSnapshots(root) : []
  if (snapshots.length === 0) return undefined
  const table = renderTable({
    caption: 'Snapshots',
    columns: [{ title: 'Name', kind: 'row' }, { title: 'Generation', kind: 'number' }, { title: 'Named', kind: 'number' }],
    rows: snapshots.map(({ name, generation, named }) => [
      html`<a href="${page.root}snapshots/${encodeURIComponent(name)}/${joinFolder(folder)}">${textOf(name)}</a>`, generation, renderAge(Date.parse(named), page.now),
    ]),
  })
  return renderSection({ title: 'Snapshots', id: 'snapshots', note: 'States that stay as they are, to be pinned' }, table)
}

async function readSnapshots(root: string): Promise<readonly Snapshot[]> {
  try {
    return await createDiskStore({ root }).snapshots()
  } catch (error) {
    if (isMirrorError(error)) return []
    throw error
  }
}
