/** Markup that `html` made: nothing else is put into a page as it is. */
export interface Html {
  readonly [MARKUP]: string
}

/** What may stand in a template: text is escaped, `undefined` and `false` are nothing, lists are one piece after the other. */
export type HtmlValue = Html | string | number | undefined | false | readonly HtmlValue[]

// No value that comes from JSON has a symbol for a key, so that nobody can claim to be markup.
const MARKUP: unique symbol = Symbol('markup')

/**
 * A piece of markup, written as a template. Every value that is no markup itself is escaped for text and for attributes in double quotes; attributes must always be quoted so, and no value
 * may stand in a tag's name, a comment, a script or a style.
 */
export function html(texts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return { [MARKUP]: texts.reduce((before, text, at) => `${before}${formatValue(values[at - 1])}${text}`) }
}

/** The text of some markup. */
export function formatHtml(markup: Html): string {
  return markup[MARKUP]
}

/** An element that loads a script of ours. Not written as a template: bundlers take templates apart that hold the end of a script. */
export function renderScript(src: string): Html {
  return { [MARKUP]: `<script src="${escapeHtml(src)}" defer></script>` }
}

/** Escapes a text for element contents and quoted attributes. Controls and what no UTF-8 can say become U+FFFD; directions that a text turns cannot reach beyond it (see `bdi` in the pages). */
export function escapeHtml(text: string): string {
  return text.toWellFormed().replace(SPECIAL, (character) => ESCAPES.get(character) ?? '\u{fffd}')
}

/** A link that a record names, if it may be followed: http or https, nothing else. */
export function safeUrl(text: unknown): string | undefined {
  if (typeof text !== 'string' || !URL.canParse(text)) return undefined
  const { protocol, username, password } = new URL(text)
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === '' ? text : undefined
}

const SPECIAL = /[&<>"'`\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g

const ESCAPES: ReadonlyMap<string, string> = new Map([['&', '&amp;'], ['<', '&lt;'], ['>', '&gt;'], ['"', '&quot;'], ["'", '&#39;'], ['`', '&#96;']])

function formatValue(value: HtmlValue): string {
  if (value === undefined || value === false) return ''
  if (typeof value === 'string') return escapeHtml(value)
  if (typeof value === 'number') return String(value)
  return isList(value) ? value.map(formatValue).join('') : value[MARKUP]
}

function isList(value: Html | readonly HtmlValue[]): value is readonly HtmlValue[] {
  return Array.isArray(value)
}
