import { linkAsset } from './assets.ts'
import { formatHtml, html, type Html, type HtmlValue, renderScript } from './html.ts'
import { renderSearch } from './parts.ts'

/** A link on a page; without an address it is where the reader is. */
export interface PageLink {
  readonly text: string
  /** Relative. */
  readonly href?: string
}

/** One of several pages about one thing. */
export interface PageTab extends PageLink {
  readonly isCurrent: boolean
}

/** What a page is made of. */
export interface Page {
  /** Its heading, and the first part of its title. */
  readonly title: string
  /** The way to it, from the list of channels, without that and without the page itself. Default: none. */
  readonly crumbs?: readonly PageLink[]
  /** What is beside the heading. */
  readonly aside?: HtmlValue
  /** One sentence below the heading. */
  readonly lead?: HtmlValue
  readonly tabs?: readonly PageTab[]
  readonly main: HtmlValue
  /** What is searched for everywhere; `elsewhere` for a page that has a form of its own for it. Default: nothing yet. */
  readonly search?: { readonly text: string } | 'elsewhere'
  /** The page shows itself again after so many seconds. */
  readonly refresh?: number
}

/** Who reads a page. */
export interface Reader {
  /** The name of a user or token; undefined for who did not say. */
  readonly name: string | undefined
  /** They could say who they are, and might see more. */
  readonly maySignIn: boolean
}

const MARK = html`<svg viewBox="0 0 16 16" aria-hidden="true" focusable="false"><path d="M1 3.4 8 .2l7 3.2L8 6.6zM1 6.7l7 3.2 7-3.2v2L8 11.9 1 8.7zm0 4.1L8 14l7-3.2v1.8L8 15.8 1 12.6z"/></svg>`

/** The whole document of a page. `root` is the relative way to the root of the site, such as `../../`. */
export function renderPage(page: Page, { root, caller }: { readonly root: string; readonly caller: Reader | undefined }): string {
  const { title, lead, aside, tabs = [], main, refresh, search } = page
  return `<!doctype html>\n${formatHtml(html`<html lang="en" data-root="${root}"><head><meta charset="utf-8"><title>${title} · Conda mirror</title><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">${
    refresh !== undefined && html`<meta http-equiv="refresh" content="${refresh}">`}<link rel="stylesheet" href="${root}${linkAsset('style.css')}"><link rel="icon" href="${root}-/icon.svg" type="image/svg+xml">${renderScript(`${root}${linkAsset('script.js')}`)}</head>
<body><a class="skip" href="#main">Skip to the content</a>
<header class="top"><div class="frame"><a class="brand" href="${root}">${MARK}Conda mirror</a>${
    search !== 'elsewhere' && renderSearch({ action: `${root}-/search`, label: 'Search all channels', text: search?.text ?? '' })}</div></header>
<div class="frame">${renderCrumbs(page, root)}<div class="title"><h1>${title}</h1>${aside}</div>${lead === undefined ? undefined : html`<p class="lead">${lead}</p>`}${renderTabs(tabs)}</div>
<main id="main" class="frame" tabindex="-1">${main}</main>
<footer class="foot"><div class="frame"><span>Served by <code>cas-server</code></span><a href="${root}readyz">Readiness</a>${renderReader(caller, root)}</div></footer>
</body></html>
`)}`
}

/** Browsers ask for name and password where they are refused: at the root, so that what they are told holds for all of the site. */
function renderReader(reader: Reader | undefined, root: string): Html | undefined {
  if (reader?.name !== undefined) return html`<span>Signed in as <bdi>${reader.name}</bdi></span>`
  return reader?.maySignIn === true ? html`<a href="${root}?sign-in">Sign in to see more</a>` : undefined
}

function renderCrumbs({ crumbs, title }: Page, root: string): Html | undefined {
  if (crumbs === undefined) return undefined
  const links: readonly PageLink[] = [{ text: 'Channels', href: root }, ...crumbs]
  return html`<nav class="crumbs" aria-label="Breadcrumb"><ol>${links.map(({ text, href }) => html`<li>${href === undefined ? text : html`<a href="${href}">${text}</a>`}</li>`)}<li><span aria-current="page">${title}</span></li></ol></nav>`
}

function renderTabs(tabs: readonly PageTab[]): Html | undefined {
  if (tabs.length === 0) return undefined
  return html`<nav class="tabs" aria-label="Pages of this channel"><ul>${tabs.map(({ text, href, isCurrent }) => html`<li>${
    isCurrent ? html`<a href="${href}" aria-current="page">${text}</a>` : html`<a href="${href}">${text}</a>`}</li>`)}</ul></nav>`
}
