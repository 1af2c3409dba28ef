import { createCatalogues } from '../catalogue/catalogues.ts'
import { createIndexThread } from '../catalogue/index-thread.ts'
import type { MirrorFiles } from '../mirror-files.ts'
import type { RequestPath } from '../request-path.ts'
import { createPageRouter, type PageRouter } from './page-router.ts'
import { ROUTES } from './routes.ts'
import { createSite } from './site.ts'

/** What the pages of a mirror need. */
export interface PagesOptions {
  readonly mirrorDir: string
  readonly temporaryFolder?: string | undefined
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
export function createPages({ mirrorDir, temporaryFolder, files, clock, fail }: PagesOptions): Pages {
  const tabs = ROUTES.flatMap(({ path, tab }) => (tab === undefined ? [] : [{ text: tab, path: path.slice('/*channel/'.length) }]))
  const catalogues = createCatalogues({ files, thread: createIndexThread(mirrorDir) })
  const site = createSite({ mirrorDir, temporaryFolder, files, catalogues, tabs })
  return { answer: createPageRouter({ routes: ROUTES, site, clock, fail }), close: async () => await catalogues.close() }
}
