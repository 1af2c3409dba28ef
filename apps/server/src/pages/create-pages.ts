import type { MirrorFiles } from '../mirror-files.ts'
import type { RequestPath } from '../request-path.ts'
import { createPageRouter, type PageRouter } from './page-router.ts'
import { ROUTES } from './routes.ts'
import { createSite } from './site.ts'

/** What the pages of a mirror need. */
export interface PagesOptions {
  readonly mirrorDir: string
  readonly files: MirrorFiles
  readonly clock: () => number
  readonly fail: (path: RequestPath, error: unknown) => void
}

/** The pages of a mirror. */
export interface Pages {
  readonly answer: PageRouter
  /** Stops what works for them. */
  readonly close: () => Promise<void>
}

/** Creates the pages of a mirror. */
export function createPages({ mirrorDir, files, clock, fail }: PagesOptions): Pages {
  const tabs = ROUTES.flatMap(({ path, tab }) => (tab === undefined ? [] : [{ text: tab, path: path.replace(/^\/\*channel\//, '') }]))
  const site = createSite({ mirrorDir, files, tabs })
  return { answer: createPageRouter({ routes: ROUTES, site, clock, fail }), close: async () => undefined }
}
