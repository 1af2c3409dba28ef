import { findChannel } from './find-channel.ts'
import type { PageCall, PageRoute } from './route.ts'

/** For people who leave out the slash at the end of a folder. Files are never moved, and who is no browser is never sent elsewhere. */
export const folderRoute: PageRoute = {
  path: '/*path',
  summary: 'A folder without the slash at its end',
  async answer(call) {
    const last = call.segments.at(-1) ?? ''
    return call.request.headers.accept?.includes('text/html') === true && await isFolder(call) ? { type: 'moved', to: `./${encodeURIComponent(last)}/` } : { type: 'absent' }
  },
}

async function isFolder(call: PageCall): Promise<boolean> {
  const { segments, site } = call
  if (await findChannel(call, segments) !== undefined) return true
  const above = await findChannel(call, segments.slice(0, -1))
  const found = above === undefined ? undefined : (await site.channels()).find(({ folder }) => folder === above.folder)
  return found?.subdirs.some((subdir) => subdir === segments.at(-1)) === true
}
