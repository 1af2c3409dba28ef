import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Page, Reader } from './layout.ts'
import type { Site } from './site.ts'

/** A request for a page. */
export interface PageCall {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Decoded names of the path, as `parseRequestPath` read them. */
  readonly segments: readonly string[]
  /** The relative way to the root of the site: `../` for each folder of the path, `./` for none. */
  readonly root: string
  /** The part of the path for each name of the route; a list for one with `*`. */
  readonly params: Readonly<Record<string, string | readonly string[]>>
  readonly query: URLSearchParams
  /** Milliseconds since 1970. */
  readonly now: number
  readonly site: Site
  /** Whether the caller may see a channel, by its folder below the mirror. */
  readonly canSee: (folder: string) => boolean
  /** A proxy that is trusted passed it on: what its headers say of host, protocol and prefix can be believed. */
  readonly isForwarded: boolean
  /** Who asks; undefined where nobody need say. */
  readonly caller: Reader | undefined
}

/** What a route answers. */
export type Reply =
  | { readonly type: 'page'; readonly page: Page; readonly status?: number; readonly headers?: Readonly<Record<string, string>> }
  /** For `/-/api/`. */
  | { readonly type: 'json'; readonly value: unknown; readonly status?: number; readonly headers?: Readonly<Record<string, string>> }
  /** Bytes that are at hand. */
  | { readonly type: 'bytes'; readonly contentType: string; readonly body: Uint8Array; readonly cacheControl?: string; readonly headers?: Readonly<Record<string, string>> }
  /** The address is written otherwise; relative. */
  | { readonly type: 'moved'; readonly to: string }
  /** There is nothing of that name; `what` says in a sentence what is missing. */
  | { readonly type: 'absent'; readonly what?: string }
  /** What is needed is being made: come again. */
  | { readonly type: 'not-yet'; readonly what: string }
  /** The route has answered by itself, on `response`. */
  | { readonly type: 'answered' }

/** An address of the site. */
export interface PageRoute {
  /**
   * A pattern of Express 5 (path-to-regexp 8): `/*channel/-/package/:name`. `*channel` stands for the folder of a channel, perhaps below `snapshots/<name>`: see `findChannel`. What is
   * answered with JSON lies below `/-/api/`.
   */
  readonly path: string
  /** What it answers, in a few words. */
  readonly summary: string
  /** The name under which every page of a channel links to it; only for `/*channel/…` without further parameters. */
  readonly tab?: string
  /** Default: GET (and HEAD). */
  readonly method?: 'get' | 'post'
  readonly answer: (call: PageCall) => Promise<Reply> | Reply
}
