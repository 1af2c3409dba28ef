import { aboutChannel, channelPage } from '../pages/about-channel.ts'
import type { PageChannel } from '../pages/find-channel.ts'
import { html, type Html } from '../pages/html.ts'
import { renderCode, renderSection } from '../pages/parts.ts'
import type { PageCall, PageRoute } from '../pages/route.ts'
import { readPublicRoot } from './public-root.ts'

/** Ready-made configuration for this very address. */
export const useRoute: PageRoute = {
  path: '/*channel/-/use',
  summary: 'Ready-made configuration of conda, mamba and pixi for a channel',
  tab: 'Use it',
  answer: aboutChannel((channel, call) => channelPage(channel, {
    title: 'Use it', path: '-/use', main: renderSnippets(channel, call),
    lead: html`What conda, mamba and pixi have to know to install from <bdi>${channel.name}</bdi>.`,
  })),
}

/** The same for programs. */
export const useApiRoute: PageRoute = {
  path: '/-/api/use/*channel',
  summary: 'The address of a channel as clients name it',
  answer: aboutChannel((channel, call) => {
    const root = rootOf(call)
    return { type: 'json', value: { channel: channel.folder, url: `${root}${pathOf(channel, call)}`, alias: root }, headers: { vary: 'host' } }
  }),
}

function rootOf({ request, isForwarded }: PageCall): string {
  return readPublicRoot(request, isForwarded)
}

/** The channel from the root of the site, without a slash at its end. */
function pathOf({ to }: PageChannel, { root }: PageCall): string {
  return to.slice(root.length).replace(/\/$/, '')
}

function renderSnippets(channel: PageChannel, call: PageCall): Html {
  const [root, path] = [rootOf(call), pathOf(channel, call)]
  const shown = (target: string): Html => html`<span data-url="${target === '' ? './' : target}">${root}${target}</span>`
  const [url, alias] = [shown(path), shown('')]
  // The name under which environments and lock files know it.
  const name = path === '' ? 'mirror' : path
  return html`${renderSection({ title: 'The channel', id: 'address', note: 'Wherever a channel is named, this is its name.' }, renderCode('The address of the channel', url))}
<div class="columns block">
${renderSection({ title: 'conda', id: 'conda', note: html`<code>~/.condarc</code>` }, renderCode('Configuration of conda', path === '' ? html`channels:
  - ${url}
` : html`channel_alias: ${alias}
channels:
  - ${path}
`))}
${renderSection({ title: 'mamba and micromamba', id: 'mamba', note: html`<code>~/.mambarc</code>, from version 2` }, renderCode('Configuration of mamba', html`channels:
  - ${name}
mirrored_channels:
  ${name}:
    - ${url}
`))}
${renderSection({ title: 'pixi, one workspace', id: 'pixi', note: html`<code>pixi.toml</code>` }, renderCode('Configuration of a workspace of pixi', html`[workspace]
channels = ["${url}"]
`))}
${renderSection({ title: 'pixi, everywhere', id: 'pixi-mirror', note: html`<code>~/.pixi/config.toml</code>` }, renderCode('Configuration of pixi', html`default-channels = ["${url}"]

# Where it stands in for the public channel of that name:
[mirrors]
"https://conda.anaconda.org/${lastName(name)}" = ["${url}"]
`))}
</div>
${renderSection({ title: 'Try it', id: 'try' }, renderCode('A command that lists what the channel has', html`conda search --override-channels --channel ${url} '*'`))}
${renderToken(url)}`
}

/** What stands for another channel usually has its name. */
function lastName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}

function renderToken(url: Html): Html {
  return renderSection({ title: 'Where a token is asked for', id: 'token' }, html`<p class="above">Every client takes it in the address, in front of the channel; pixi keeps it apart, for all channels of the host:</p>
${renderCode('A command that gives pixi the token', html`pixi auth login --token TOKEN ${url}`)}
<p class="below soft">In an address it stands as <code>/t/TOKEN/</code> behind the host, as in <code>https://host/t/TOKEN/channel</code>. Users with a password write <code>https://user:password@host/channel</code>, or keep them in <code>~/.netrc</code>, which conda reads.</p>`)
}

/** How to use a channel. */
export const USE_ROUTES: readonly PageRoute[] = [useRoute, useApiRoute]
