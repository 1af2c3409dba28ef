import { NO_CHANNEL } from './about-channel.ts'
import type { ChannelCatalogue } from '../catalogue/catalogues.ts'
import { findChannel, type PageChannel } from './find-channel.ts'
import { html, type Html } from './html.ts'
import { renderNote } from './parts.ts'
import type { PageCall, Reply } from './route.ts'
import { textOf } from './text-of.ts'

/** A page about a channel and what it lists. */
export interface CataloguePage {
  readonly call: PageCall
  readonly channel: PageChannel
  readonly catalogue: ChannelCatalogue
}

/** Answers with what a channel lists; says so where there is no such channel, and where its index is still being read. */
export async function answerFromCatalogue(call: PageCall, answer: (page: CataloguePage) => Promise<Reply> | Reply): Promise<Reply> {
  const channel = await findChannel(call)
  if (channel === undefined) return NO_CHANNEL
  const catalogue = await call.site.catalogues.open(channel)
  if (catalogue === undefined) return { type: 'not-yet', what: `The index of ${channel.name} is being read so that it can be searched.` }
  return await answer({ call, channel, catalogue })
}

/** What a reader has to know of a catalogue: that a later one is coming, and what is missing in it. */
export function renderCatalogueNotes({ channel, catalogue }: Pick<CataloguePage, 'channel' | 'catalogue'>): Html {
  const shown = catalogue.view.reader?.generation.number
  const next = channel.view.reader?.generation.number
  const stale = shown === undefined || next === undefined || shown === next
    ? 'The index has changed and is being read again. This page shows it as it was before.'
    : `This page shows generation ${shown}. Generation ${next} is published and is being read.`
  return html`${!catalogue.isCurrent && renderNote(stale)}${catalogue.damaged.map(({ subdir, code }) => renderNote(describeDamage(subdir, code), 'warn'))}`
}

function describeDamage(subdir: string, code: string): Html {
  if (code === 'SHARDS_ONLY') return html`The index of ${textOf(subdir)} is there in a form alone that is not searched here (shards or bz2). Its files are served.`
  return html`The index of ${textOf(subdir)} cannot be read (${code}), so that nothing of it is listed here. Its files are served as they are.`
}
