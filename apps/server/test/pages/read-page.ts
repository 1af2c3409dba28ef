import { type DefaultTreeAdapterTypes, parse } from 'parse5'

type Node = DefaultTreeAdapterTypes.ChildNode
type Element = DefaultTreeAdapterTypes.Element

/** A page as a browser reads it. */
export interface ReadPage {
  readonly errors: readonly string[]
  readonly elements: readonly ReadElement[]
  /** All text, blanks drawn together. */
  readonly text: string
  readonly find: (name: string) => readonly ReadElement[]
}

/** An element. */
export interface ReadElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly text: string
  readonly parents: readonly string[]
}

/** Reads a page by the rules of HTML. */
export function readPage(source: string): ReadPage {
  const errors: string[] = []
  const document = parse(source, { onParseError: ({ code }) => { errors.push(code) } })
  const elements: ReadElement[] = []
  const walk = (nodes: readonly Node[], parents: readonly string[]): void => {
    for (const node of nodes) {
      if (!('tagName' in node)) continue
      elements.push({ name: node.tagName, attributes: Object.fromEntries(node.attrs.map(({ name, value }) => [name, value])), text: textOf(node), parents })
      walk(node.childNodes, [...parents, node.tagName])
    }
  }
  walk(document.childNodes, [])
  return { errors, elements, text: elements.find(({ name }) => name === 'body')?.text ?? '', find: (name) => elements.filter((element) => element.name === name) }
}

function textOf(element: Element): string {
  const collect = (node: Node): string => ('tagName' in node ? node.childNodes.map(collect).join('') : 'value' in node ? node.value : '')
  return collect(element).replaceAll(/\s+/g, ' ').trim()
}

/** What is wrong with a page for browsers, for readers by ear and for its policy. */
export function findFaults(page: ReadPage): readonly string[] {
  const { errors, elements, find } = page
  const ids = elements.map(({ attributes }) => attributes['id']).filter((id) => id !== undefined)
  const headings = elements.filter(({ name }) => /^h[1-6]$/.test(name)).map(({ name }) => Number(name.slice(1)))
  const told: readonly (readonly [string, boolean])[] = [
    [`not well written: ${errors.join(', ')}`, errors.length > 0],
    ['an identifier twice', new Set(ids).size < ids.length],
    ['not one main part', find('main').length !== 1],
    ['not one first heading', headings.filter((level) => level === 1).length !== 1],
    ['a level of headings is left out', headings.some((level, at) => level > (headings[at - 1] ?? 0) + 1)],
    ['a table without a caption', find('caption').length !== find('table').length],
    ['a head cell without a scope', find('th').some(({ attributes }) => attributes['scope'] === undefined)],
    ['a script or style within the page', [...find('script'), ...find('style')].some(({ attributes, text }) => text !== '' || attributes['src'] === undefined)],
    ['an attribute that runs or styles', elements.some(({ attributes }) => Object.keys(attributes).some((name) => name.startsWith('on') || name === 'style'))],
    ['a field without a name', find('input').some(({ attributes }) => attributes['aria-label'] === undefined && attributes['type'] !== 'hidden' && attributes['id'] === undefined)],
    ['no language', find('html')[0]?.attributes['lang'] !== 'en'],
    ['a link without words', find('a').some(({ text, attributes }) => text === '' && attributes['aria-label'] === undefined)],
    ['a list whose entries are none', elements.some(({ name, parents }) => name === 'li' && !['ul', 'ol'].includes(parents.at(-1) ?? ''))],
    ['what is labelled by nothing', elements.some(({ attributes }) => (attributes['aria-labelledby']?.split(' ') ?? []).some((id) => !ids.includes(id)))],
  ]
  return told.filter(([, isSo]) => isSo).map(([what]) => what)
}

/** Where a page leads: links, what it loads, and forms that are sent as a query. */
export function listLinks({ elements }: ReadPage): readonly string[] {
  return elements.flatMap(({ name, attributes }) => {
    if (name === 'form' && (attributes['method'] ?? 'get') === 'get') return [`${attributes['action'] ?? ''}?q=a`]
    return [attributes['href'], attributes['src']].filter((link) => link !== undefined)
  })
}
