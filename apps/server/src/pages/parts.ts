import { formatCount } from './formats.ts'
import { html, type Html, type HtmlValue } from './html.ts'

/** A figure with its name. */
export interface Figure {
  readonly name: string
  readonly value: HtmlValue
}

/** The few figures that say most about a page. */
export function renderFigures(figures: readonly Figure[]): Html {
  return html`<dl class="stats">${figures.map(({ name, value }) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

/** Facts with their names; those without a value are left out. */
export function renderFacts(facts: readonly { readonly name: string; readonly value: HtmlValue }[], { isWide = false }: { readonly isWide?: boolean } = {}): Html {
  const told = facts.filter(({ value }) => value !== undefined && value !== false && value !== '')
  return html`<dl class="${isWide ? 'facts wide' : 'facts small'}">${told.map(({ name, value }) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`
}

/** A column of a table. */
export interface TableColumn {
  readonly title: string
  /** `row`: the one that names its row; `number`: right-aligned; `file`: a file's name. Default: text. */
  readonly kind?: 'row' | 'number' | 'file' | 'bar'
  /** Not shown on small screens: what it says is on the page of its row, too. */
  readonly isMore?: boolean
}

/** A table. */
export interface TableOptions {
  /** What it is a table of; read to those who do not see it. */
  readonly caption: string
  readonly columns: readonly TableColumn[]
  /** As many cells each as there are columns. */
  readonly rows: readonly (readonly HtmlValue[])[]
}

/** Renders a table. On small screens it scrolls within its frame, which the keyboard reaches. */
export function renderTable({ caption, columns, rows }: TableOptions): Html {
  const head = columns.map((column) => html`<th scope="col" class="${classOf(column, true)}">${column.kind === 'bar' ? html`<span class="hidden">${column.title}</span>` : column.title}</th>`)
  const body = rows.map((cells) => html`<tr>${columns.map((column, at) => renderCell(column, cells[at]))}</tr>`)
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${caption}"><table><caption class="hidden">${caption}</caption><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`
}

function renderCell(column: TableColumn, value: HtmlValue): Html {
  const name = classOf(column, false)
  return column.kind === 'row' || column.kind === 'file' ? html`<th scope="row" class="${name}">${value}</th>` : html`<td class="${name}">${value}</td>`
}

function classOf({ kind, isMore = false }: TableColumn, isHead: boolean): string {
  const own = kind === 'number' ? 'number' : kind === 'bar' ? 'barcell' : kind === 'file' && !isHead ? 'file' : ''
  return [own, isMore ? 'more' : ''].filter((name) => name !== '').join(' ')
}

/** A part of a page below a heading. */
export function renderSection({ title, id, note }: { readonly title: string; readonly id: string; readonly note?: HtmlValue }, content: HtmlValue): Html {
  return html`<section aria-labelledby="${id}"><div class="head"><h2 id="${id}">${title}</h2>${note === undefined ? undefined : html`<p>${note}</p>`}</div>${content}</section>`
}

/** What a place says where there is nothing to be shown: what is missing, and what to do. */
export function renderEmpty(title: string, text: HtmlValue, action?: HtmlValue): Html {
  return html`<div class="empty block"><h2>${title}</h2><p>${text}</p>${action}</div>`
}

/** Something to know before the rest of a page. */
export function renderNote(text: HtmlValue, kind: 'plain' | 'warn' | 'bad' = 'plain'): Html {
  return html`<div class="note ${kind}" role="${kind === 'bad' ? 'alert' : 'status'}"><p>${text}</p></div>`
}

/** A bar that is `share` (0 to 1) of its width. The number that it shows has to stand beside it. */
export function renderBar(share: number): Html {
  const width = Math.max(0, Math.min(1, share)) * 100
  return html`<svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true" focusable="false"><rect width="${Number(width.toFixed(2))}" height="1"/></svg>`
}

/** A block of code that can be copied. `name` says what it is. A piece of `text` may be `html` with `data-url` elements, which a script replaces by whole addresses. */
export function renderCode(name: string, text: HtmlValue): Html {
  return html`<div class="code" role="group" aria-label="${name}"><pre tabindex="0"><code>${text}</code></pre></div>`
}

/** Where somebody searches. */
export interface SearchForm {
  /** Relative address of the page that answers. */
  readonly action: string
  readonly label: string
  readonly text?: string
  /** One on a page may be large. */
  readonly isLarge?: boolean
}

/** A form that searches. */
export function renderSearch({ action, label, text = '', isLarge = false }: SearchForm): Html {
  return html`<form class="${isLarge ? 'search large' : 'search'}" role="search" action="${action}" aria-label="${label}"><input type="search" name="q" value="${text}" placeholder="${label}" aria-label="${label}" autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="200"><button>Search</button></form>`
}

/** A page of a list. */
export interface ListPage {
  /** 1 for the first. */
  readonly page: number
  readonly pages: number
  readonly total: number
  readonly perPage: number
}

/** Which part of a list is wanted. A page that there is not is the nearest one. */
export function choosePage(query: URLSearchParams, { total, perPage }: { readonly total: number; readonly perPage: number }): ListPage {
  const pages = Math.max(1, Math.ceil(total / perPage))
  const asked = Number.parseInt(query.get('page') ?? '1', 10)
  return { page: Math.min(pages, Math.max(1, Number.isNaN(asked) ? 1 : asked)), pages, total, perPage }
}

/** Links to the pages before and behind; nothing where there is one page. The other words of the query stay. */
export function renderPager({ page, pages, total, perPage }: ListPage, query: URLSearchParams): Html | undefined {
  if (pages === 1) return undefined
  const link = (to: number): string => {
    const next = new URLSearchParams(query)
    next.set('page', String(to))
    return `?${next.toString()}`
  }
  const first = (page - 1) * perPage + 1
  return html`<nav class="pager" aria-label="Pages"><p>${formatCount(first)} to ${formatCount(Math.min(total, first + perPage - 1))} of ${formatCount(total)}</p><ul>${
    page > 1 && html`<li><a class="button quiet" rel="prev" href="${link(page - 1)}">Previous</a></li>`}${
    page < pages && html`<li><a class="button quiet" rel="next" href="${link(page + 1)}">Next</a></li>`}</ul></nav>`
}
