import type { IncomingMessage, ServerResponse } from 'node:http'
import express from 'express'
import type { RequestPath } from '../request-path.ts'
import type { PageCall, PageRoute } from './route.ts'
import { sendFault, sendReply } from './send-reply.ts'
import type { Site } from './site.ts'

/** A request that is none for a file. */
export interface PageRequest {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly path: RequestPath
  readonly canSee: (folder: string) => boolean
  /** A proxy that is trusted passed it on: what it says of the address can be believed. */
  readonly isForwarded: boolean
  /** Who asks. Default: somebody who need not say. */
  readonly caller?: PageCall['caller']
}

/** What the router needs. */
export interface PageRouterOptions {
  readonly site: Site
  readonly routes: readonly PageRoute[]
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** Is told what went wrong on our side; the reader is told nothing about it. */
  readonly fail: (path: RequestPath, error: unknown) => void
}

/** Answers requests for pages, whatever happens: the promise is fulfilled when the answer was given, and never rejected. */
export type PageRouter = (request: PageRequest) => Promise<void>

/** Creates the router of some routes; those that come first win. */
export function createPageRouter(options: PageRouterOptions): PageRouter {
  const calls = new WeakMap<IncomingMessage, PageCall>()
  const app = express()
  app.disable('x-powered-by').enable('strict routing').enable('case sensitive routing').set('etag', false).set('query parser', false)
  for (const { path, method = 'get', answer } of options.routes) {
    app[method](writePatterns(path), async (request) => {
      const call = calls.get(request)
      if (call !== undefined) await answerWith({ ...call, params: request.params }, answer)
    })
  }
  app.use((request) => {
    const call = calls.get(request)
    if (call !== undefined) sendReply(call, { type: 'absent' })
  })

  async function answerWith(call: PageCall, answer: PageRoute['answer']): Promise<void> {
    try {
      sendReply(call, await answer(call))
    } catch (error) {
      options.fail({ segments: call.segments, token: undefined, isFolder: false }, error)
      if (call.response.headersSent) call.response.destroy()
      else sendFault(call)
    }
  }

  return async (page) => {
    const { request, response, path } = page
    const written = (request.url ?? '').split('?', 1)[0] ?? ''
    // `/t/<token>`: what is relative has to be so from below the token, and nobody is sent there, as that would name it.
    if (path.token !== undefined && path.segments.length === 0 && !written.endsWith('/')) return sendReply(createCall(page, options), { type: 'absent', what: 'A token in the address is followed by a slash.' })
    calls.set(request, createCall(page, options))
    const answered = new Promise<void>((resolve) => {
      response.once('close', resolve)
      response.once('finish', resolve)
    })
    request.url = writePath(path)
    app(request, response)
    await answered
  }
}

/** The mirror's own folder may be a channel: what others have below `/<channel>/-/`, it has below `/-/`, and its page is `/-/channel/`. */
function writePatterns(path: string): string[] {
  if (path === '/*channel/') return ['/-/channel/', path]
  return path.startsWith('/*channel/-/') ? [path, path.slice('/*channel'.length)] : [path]
}

function createCall({ request, response, path, canSee, isForwarded, caller }: PageRequest, { site, clock }: PageRouterOptions): PageCall {
  const { segments, isFolder } = path
  const depth = segments.length - (isFolder ? 0 : 1)
  const query = new URLSearchParams((request.url ?? '').split('?').slice(1).join('?'))
  return { request, response, segments, root: depth > 0 ? '../'.repeat(depth) : './', params: {}, query, now: clock(), site, canSee, isForwarded, caller }
}

/** The path as Express reads it: without a token, each name escaped once. */
function writePath({ segments, isFolder }: RequestPath): string {
  return `/${segments.map((name) => encodeURIComponent(name)).join('/')}${isFolder && segments.length > 0 ? '/' : ''}`
}
