import { findChannel, type PageChannel } from './find-channel.ts'
import type { Html, HtmlValue } from './html.ts'
import type { PageCall, PageRoute, Reply } from './route.ts'

/** What is answered about a channel that is not there, or that the caller may not see. */
export const NO_CHANNEL: Reply = { type: 'absent', what: 'There is no such channel.' }

/** Answers about the channel that the path names. */
export function aboutChannel(answer: (channel: PageChannel, call: PageCall) => Promise<Reply> | Reply): PageRoute['answer'] {
  return async (call) => {
    const channel = await findChannel(call)
    return channel === undefined ? NO_CHANNEL : await answer(channel, call)
  }
}

/** What a page below a channel tells. */
export interface ChannelPage {
  readonly title: string
  /** Its path below the channel. */
  readonly path: string
  readonly lead: Html
  readonly main: HtmlValue
  readonly status?: number
}

/** A page below a channel, with the way to it and the tabs of the channel. */
export function channelPage(channel: PageChannel, { path, status = 200, ...page }: ChannelPage): Reply {
  return { type: 'page', status, page: { ...page, crumbs: channel.crumbs, tabs: channel.tabs(path) } }
}
