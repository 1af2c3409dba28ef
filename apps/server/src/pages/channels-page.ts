import { html } from './html.ts'
import { renderEmpty } from './parts.ts'
import type { PageRoute } from './route.ts'

/** The channels of the mirror. */
export const channelsRoute: PageRoute = {
  path: '/',
  summary: 'The channels of this mirror',
  async answer({ site, canSee }) {
    const channels = (await site.channels()).filter(({ folder }) => canSee(folder))
    const main = channels.length === 0
      ? renderEmpty('No channels yet', html`The first sync has not ended. As soon as a channel is published, it is here.`)
      : html`<ul class="cards">${channels.map(({ folder }) => html`<li class="card"><h2><a href="${encodeURI(folder)}/">${folder}</a></h2></li>`)}</ul>`
    return { type: 'page', page: { title: 'Channels', main } }
  },
}
