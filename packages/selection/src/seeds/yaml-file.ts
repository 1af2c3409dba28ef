import { type Document, isNode, LineCounter, parseDocument } from 'yaml'
import { type SeedFault, seedsInvalid } from './seeds-invalid.ts'

/** A YAML file that was read, of which nothing is known yet. */
export interface YamlFile {
  readonly root: unknown
  /** An error about what stands at the path. */
  readonly fault: (path: readonly (string | number)[], fault: Omit<SeedFault, 'line'>) => Error
}

const MAXIMUM_ALIASES = 100

/** Reads YAML 1.2 with the core schema. Throws `SEEDS_INVALID` for what is none, for a key that occurs twice, for nesting and for aliases beyond reason. */
export function readYamlFile(name: string, text: string): YamlFile {
  const lines = new LineCounter()
  const document = parse(name, text, lines)
  const [error] = document.errors
  if (error !== undefined) throw seedsInvalid(name, { line: lines.linePos(error.pos[0]).line, reason: error.code === 'RESOURCE_EXHAUSTION' ? 'it nests too deep' : `it is no YAML: ${error.code}` })
  return {
    root: toValue(name, document),
    fault: (path, fault) => seedsInvalid(name, { ...fault, line: lineOf(document, path, lines) }),
  }
}

function parse(name: string, text: string, lineCounter: LineCounter): Document {
  try {
    return parseDocument(text, { lineCounter, schema: 'core', version: '1.2', prettyErrors: false, logLevel: 'silent', strict: true })
  } catch {
    // Nesting beyond the stack, for one.
    throw seedsInvalid(name, { reason: 'it is no YAML that can be read' })
  }
}

function toValue(name: string, document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: MAXIMUM_ALIASES })
  } catch {
    throw seedsInvalid(name, { reason: 'its aliases lead nowhere, or to too much', hint: 'Write the file without aliases.' })
  }
}

function lineOf(document: Document, path: readonly (string | number)[], lines: LineCounter): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
  }
  return undefined
}

/** True for a mapping. */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The list, or an empty one for another value. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
