import { isJsonObject } from '@mirror/core'
import { type Document, isMap, isScalar, LineCounter, parseDocument } from 'yaml'
import type { ConfigProblem } from './problems.ts'
import { keepSourceText } from './source-text.ts'

/** The text of a configuration file and where it is from. */
export interface ConfigSource {
  readonly path: string
  readonly text: string
}

/** Where a value of the file stands: its keys, and places in lists. */
export type ValuePath = readonly (string | number)[]

/** A YAML file, read. */
export interface YamlFile {
  /** The mapping that the file is; empty when it is none, which is told in `problems`. Keys without a value are there. */
  readonly content: Readonly<Record<string, unknown>>
  readonly problems: readonly ConfigProblem[]
  /** `<file>:<line>` of a value. */
  readonly where: (path: ValuePath) => string
}

/**
 * Reads a YAML file that is a mapping. Never throws. Files were written for a reader of YAML 1.1 (PyYAML), so `yes` and `no` are truth values. An empty file is one that leaves
 * everything out. Below `textKeys`, scalars are text as it stands in the source.
 */
export function readYamlFile({ path, text }: ConfigSource, textKeys: ReadonlySet<string>): YamlFile {
  const lines = new LineCounter()
  const at = (offset: number): string => `${path}:${lines.linePos(offset).line}`
  const parsed = parseYaml(text, { lineCounter: lines, textKeys })
  if (parsed === undefined) return { content: {}, problems: [describeNoYaml(path, 'it nests or repeats too much')], where: () => path }
  const { document, content } = parsed
  const where = (place: ValuePath): string => locate(document, place, at) ?? path
  const broken = findBroken(document, at)
  return { content: broken.length === 0 && isJsonObject(content) ? content : {}, problems: broken, where }
}

interface Parsing {
  readonly lineCounter: LineCounter
  readonly textKeys: ReadonlySet<string>
}

/** The document and its content; undefined for one that the parser gives up on (nested without end, or aliases that multiply). */
function parseYaml(yaml: string, { lineCounter, textKeys }: Parsing): { readonly document: Document.Parsed; readonly content: unknown } | undefined {
  try {
    const document = parseDocument(yaml, { lineCounter, prettyErrors: false, version: '1.1', logLevel: 'silent' })
    if (document.errors.length > 0) return { document, content: undefined }
    keepSourceText(document, textKeys)
    return { document, content: document.toJS({ maxAliasCount: 100 }) }
  } catch {
    return undefined
  }
}

function describeNoYaml(where: string, what: string): ConfigProblem {
  return { code: 'CONFIG_INVALID', where, key: undefined, message: `this is not YAML: ${what}` }
}

/** What keeps the file from being read at all. The messages of the parser are used, its excerpts are not: they may show a token. */
function findBroken({ errors, contents }: Document.Parsed, at: (offset: number) => string): readonly ConfigProblem[] {
  const [fault] = errors
  if (fault !== undefined) return [describeNoYaml(at(fault.pos[0]), fault.message.split(/[\n:]/)[0] ?? '')]
  if (contents === null || isMap(contents) || (isScalar(contents) && contents.value === null)) return []
  return [{ code: 'CONFIG_INVALID', where: at(contents.range[0]), key: undefined, message: 'this is not a mapping of keys to values' }]
}

/** Where a value stands, or what contains it. A key is better than its value, which may begin on the next line. */
function locate(document: Document.Parsed, path: ValuePath, at: (offset: number) => string): string | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const offset = findKey(document, path.slice(0, length)) ?? findNode(document, path.slice(0, length))
    if (offset !== undefined) return at(offset)
  }
  return undefined
}

function findKey(document: Document.Parsed, path: ValuePath): number | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  const pair = isMap(parent) ? parent.items.find((item) => isScalar(item.key) && item.key.value === path.at(-1)) : undefined
  return isScalar(pair?.key) ? pair.key.range?.[0] : undefined
}

function findNode(document: Document.Parsed, path: ValuePath): number | undefined {
  const node = document.getIn(path, true)
  return isScalar(node) || isMap(node) ? node.range?.[0] : undefined
}

/** A value's keys as people write them: `channels[0].path`. */
export function formatPath(path: ValuePath): string {
  return path.reduce<string>((name, step) => (typeof step === 'number' ? `${name}[${step}]` : name === '' ? step : `${name}.${step}`), '')
}
