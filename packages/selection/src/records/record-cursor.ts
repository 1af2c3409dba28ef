import { isArtifactName, type MatchableRecord, type NotedField, type RecordView, splitArtifactName, type SubdirName, type Version } from '@mirror/core'
import { decodeText, type Texts } from './texts.ts'
import type { VersionTexts } from './version-texts.ts'

/** A record as JSON has it. */
export type ParsedRecord = Readonly<Record<string, unknown>>

/** The record that a scan is at, read as far as it is asked about. A field of another type than expected counts as absent. */
export interface RecordCursor {
  readonly moveTo: (view: RecordView) => void
  readonly view: () => RecordView
  readonly raw: (field: NotedField) => string | undefined
  readonly number: (field: NotedField) => number | undefined
  /** The number of its name: its own, or that of the file name where it has none. */
  readonly nameId: () => number
  readonly name: () => string
  /** The number of its version, "" for none. */
  readonly versionId: () => number
  readonly parsed: () => ParsedRecord
  /** False where the record surely says a text nowhere, in any case. */
  readonly mentions: (text: string) => boolean
  /** For match specs: each field is read when it is asked for. */
  readonly matchable: MatchableRecord
}

/** What a cursor knows of its surroundings. */
export interface CursorOptions {
  readonly subdir: SubdirName
  readonly channel: string | undefined
  readonly names: Texts
  readonly versions: VersionTexts
}

const NOWHERE = -1

/** Creates a cursor; it stands nowhere yet. */
export function createRecordCursor({ subdir, channel, names, versions }: CursorOptions): RecordCursor {
  let current: RecordView | undefined
  let known = 0
  let nameOf = NOWHERE

  function view(): RecordView {
    if (current === undefined) throw new TypeError('The cursor stands nowhere')
    return current
  }

  const { readText, parse } = createRecordReader(view)
  const raw = (field: NotedField): string | undefined => view().field(field)
  const number = (field: NotedField): number | undefined => view().number(field)

  function nameId(): number {
    const { bytes, position, startOf, key } = view()
    if (nameOf !== position) known = names.idOfValue(bytes, startOf('name')) ?? names.idOf(nameOfFile(key()))
    nameOf = position
    return known
  }

  const versionId = (): number => versions.texts.idOfValue(view().bytes, view().startOf('version')) ?? versions.texts.idOf('')
  const version = (): Version | string => versions.versionAt(versionId()) ?? versions.texts.textAt(versionId())
  const name = (): string => names.textAt(nameId())
  const matchable = createMatchable({ subdir, raw, number, parse, name, version, channel: () => channel ?? parse()['channel'], key: () => view().key() })

  return {
    moveTo(next) { current = next },
    view, raw, number, nameId, name, versionId, parsed: parse, matchable,
    mentions: (wanted) => mentions(readText(), wanted),
  }
}

interface RecordReader {
  readonly readText: () => string
  readonly parse: () => ParsedRecord
}

/** Reads the record of a view as text and parsed, once each. */
function createRecordReader(view: () => RecordView): RecordReader {
  let bytes: Buffer = Buffer.alloc(0)
  let seen: Uint8Array = bytes
  let text = ''
  let textAt = NOWHERE
  let parsed: ParsedRecord = {}
  let parsedAt = NOWHERE

  function readText(): string {
    const { bytes: window, start, end, position } = view()
    if (textAt === position) return text
    if (window !== seen) {
      seen = window
      bytes = Buffer.from(window.buffer, window.byteOffset, window.length)
    }
    text = bytes.toString('utf8', start, end)
    textAt = position
    return text
  }

  function parse(): ParsedRecord {
    const { position } = view()
    if (parsedAt === position) return parsed
    parsed = parseRecord(readText())
    parsedAt = position
    return parsed
  }

  return { readText, parse }
}

function mentions(record: string, wanted: string): boolean {
  return record.includes('\\') || record.toLowerCase().includes(wanted.toLowerCase())
}

interface MatchableParts {
  readonly subdir: SubdirName
  readonly channel: () => unknown
  readonly name: () => string
  readonly version: () => Version | string
  readonly key: () => string
  readonly raw: (field: NotedField) => string | undefined
  readonly number: (field: NotedField) => number | undefined
  readonly parse: () => ParsedRecord
}

/** Where the artifact stands is what counts for `subdir` and `fn`, whatever the record says. */
function createMatchable({ subdir, channel, name, version, key, raw, number, parse }: MatchableParts): MatchableRecord {
  return {
    subdir,
    get channel() { return channel() },
    get name() { return name() },
    get version() { return version() },
    get fn() { return key() },
    get build() { return decodeText(raw('build')) },
    get build_number() { return number('build_number') },
    get md5() { return decodeText(raw('md5')) },
    get sha256() { return decodeText(raw('sha256')) },
    get url() { return decodeText(raw('url')) },
    get license() { return decodeText(raw('license')) ?? parse()['license'] },
    get license_family() { return decodeText(raw('license_family')) ?? parse()['license_family'] },
    get features() { return parse()['features'] },
    get track_features() { return parse()['track_features'] },
    get flags() { return parse()['flags'] },
  }
}

/** Parses a record, which the scanner has found to be an object. */
export function parseRecord(text: string): ParsedRecord {
  const value: unknown = JSON.parse(text)
  return isRecord(value) ? value : {}
}

function isRecord(value: unknown): value is ParsedRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The name that a file name says; all of it where it says none. */
export function nameOfFile(key: string): string {
  return (isArtifactName(key) ? splitArtifactName(key)?.name : undefined) ?? key
}
