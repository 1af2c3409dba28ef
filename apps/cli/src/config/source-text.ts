import { type Document, isAlias, isMap, isScalar, isSeq, visit } from 'yaml'

/**
 * Makes text of `y` and `n`, as PyYAML has them, and of the scalars below the given keys, as it stands in the source: `3.10` would be the number 3.1, `2024-02-31` a date in March, `- on` true. Looks at the top and in
 * the entries of `channels`. A truth value that is all of a key's value stays one.
 */
export function keepSourceText(document: Document.Parsed, keys: ReadonlySet<string>): void {
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === 'boolean' && node.source !== undefined && /^[yn]$/i.test(node.source)) node.value = node.source
    },
  })
  markMapping(document.contents, { document, keys })
}

interface Marking {
  readonly document: Document.Parsed
  readonly keys: ReadonlySet<string>
}

function markMapping(node: unknown, marking: Marking): void {
  for (const { key, value } of isMap(node) ? node.items : []) {
    const name = isScalar(key) ? String(key.value) : ''
    if (name === 'channels') markChannels(value, marking)
    else if (marking.keys.has(name) && !isTruthValue(value)) markText(value, marking.document)
  }
}

function markChannels(value: unknown, marking: Marking): void {
  for (const entry of isSeq(value) ? value.items : [value]) markMapping(entry, marking)
}

function isTruthValue(node: unknown): boolean {
  return isScalar(node) && typeof node.value === 'boolean'
}

function markText(node: unknown, document: Document.Parsed): void {
  if (isAlias(node)) markText(node.resolve(document), document)
  else if (isSeq(node)) for (const item of node.items) markText(item, document)
  else if (isMap(node)) for (const { value } of node.items) markText(value, document)
  else if (isScalar(node) && typeof node.value !== 'string' && node.source !== undefined && /^[^~]/.test(node.source)) node.value = node.source
}
