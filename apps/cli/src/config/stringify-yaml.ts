import { Document, visit } from 'yaml'

/** Content as YAML. Texts that a reader of YAML 1.1 or of 1.2 would take for something else are quoted: versions, modes, dates, `y`. */
export function stringifyForBoth(content: object): string {
  const document = new Document(content, { version: '1.1' })
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === 'string' && /^(?:[-+.]?\d[\d_.,:e+-]*|(?:y|n|yes|no|on|off|true|false|null|~))$/i.test(node.value)) node.type = 'QUOTE_DOUBLE'
    },
  })
  return document.toString({ lineWidth: 0 })
}
