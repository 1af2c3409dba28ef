import { html, type Html } from './html.ts'
import { textOf } from './text-of.ts'

/** What may stand in an address as one name: what `parseRequestPath` takes, and no longer than addresses are. */
export function isLinkable(name: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return name !== '' && name !== '-' && name.length <= 500 && !/^\.|[/\\\u0000-\u001f\u007f]/.test(name)
}

/** A link to a name behind a relative way; the name alone where no address can hold it. */
export function renderNameLink(way: string, name: string, text: Html = textOf(name)): Html {
  return isLinkable(name) ? html`<a href="${way}${encodeURIComponent(name.toWellFormed())}">${text}</a>` : text
}

/** A link to the page of a package of a channel; `to` is the relative way to the channel's folder. */
export function renderPackageLink(to: string, name: string): Html {
  return renderNameLink(`${to}-/package/`, name)
}

/** A link to the page of an artifact of a channel. */
export function renderArtifactLink(to: string, { subdir, file }: { readonly subdir: string; readonly file: string }): Html {
  return renderNameLink(`${to}-/artifact/${encodeURIComponent(subdir)}/`, file)
}
