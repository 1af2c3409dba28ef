import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Caller } from './access/access.ts'
import type { ServerEvent } from './events.ts'
import type { MirrorFiles } from './mirror-files.ts'
import type { Pages } from './pages/create-pages.ts'
import { type RequestPath, showPath } from './request-path.ts'

/** A request that no file answers. */
export interface DoorRequest {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly path: RequestPath | undefined
  /** Whether the caller may see a channel, by its folder below the mirror. Default: every one. */
  readonly canSee?: (folder: string) => boolean
  /** A proxy that is trusted passed it on. Default: no. */
  readonly client?: { readonly isForwarded: boolean }
  /** Who asks. Default: somebody who need not say. */
  readonly caller?: Pick<Caller, 'name' | 'maySignIn'>
  /** Everybody gets the same, so that caches that serve several people may keep it. Default: no. */
  readonly isPublic?: boolean
}

/** The way to the pages, which are loaded when somebody wants one. */
export interface PagesDoor {
  readonly answer: (request: DoorRequest) => Promise<void>
  readonly close: () => Promise<void>
}

/** What the pages need. */
export interface PagesDoorOptions {
  readonly mirrorDir: string
  readonly temporaryFolder?: string | undefined
  readonly files: MirrorFiles
  readonly clock: () => number
  readonly observe: (event: ServerEvent) => void
}

/** Opens the way to the pages. A client that asks for a file that is not there gets its short 404 here, without any of them. */
export function openPages({ observe, ...options }: PagesDoorOptions): PagesDoor {
  let pages: Promise<Pages> | undefined
  const load = async (): Promise<Pages> => {
    const { createPages } = await import('./pages/create-pages.ts')
    return createPages({ ...options, fail: (path, error) => observe({ type: 'request-failed', path: showPath(path), error }) })
  }
  return {
    async answer({ request, response, path, client, caller, canSee = () => true }) {
      response.setHeader('x-content-type-options', 'nosniff')
      if (path === undefined || (isForFile(path) && request.headers.accept?.includes('text/html') !== true)) return tellAbsent(response)
      pages ??= load()
      await (await pages).answer({ request, response, path, canSee, isForwarded: client?.isForwarded ?? false, ...(caller === undefined ? {} : { caller }) })
    },
    close: async () => await (await pages)?.close(),
  }
}

function isForFile({ isFolder, segments }: RequestPath): boolean {
  return !isFolder && segments.length > 0 && !segments.includes('-')
}

function tellAbsent(response: ServerResponse): void {
  response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8', 'content-length': 10, 'cache-control': 'no-store' }).end('Not found\n')
}
