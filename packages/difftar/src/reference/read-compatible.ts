import { type ArtifactSet, createArtifactSetBuilder, createDigest, isArtifactName, type SubdirName } from '@mirror/core'

/** A compatible reference, read as the lines in which we write it. */
export interface CompatibleLines {
  /** The JSON behind `$meta`. */
  readonly meta: string
  /** The artifacts of each folder, by its member. */
  readonly folders: ReadonlyMap<string, (subdir: SubdirName) => ArtifactSet>
}

const START = '{\n  "$meta": '

/** True for what may be one of ours. */
export function isCompatible(bytes: Buffer): boolean {
  return bytes.toString('latin1', 0, START.length) === START
}

const FOLDER = /^  ("\/.*"): \{(\})?,?$/
const RECORD = /^    "([^"\\]{1,255})": \{$/
const FIELD = /^      "(md5|sha256|size)": "?([0-9a-f]{1,64})"?,?$/

/**
 * Reads a compatible reference line by line, because as one value it would take seven times its size in memory. Undefined where a line is not as we write it: then it has to be read as any other JSON.
 */
export function readCompatibleLines(bytes: Buffer): CompatibleLines | undefined {
  const end = bytes.indexOf(0x0a, START.length)
  if (end < 0 || !bytes.toString('latin1', bytes.length - 3).endsWith('}\n')) return undefined
  const folders = new Map<string, (subdir: SubdirName) => ArtifactSet>()
  for (let start = end + 1; start < bytes.length;) {
    const line = lineAt(bytes, start)
    if (line.text === '}') return { meta: bytes.toString('utf8', START.length, end).replace(/,$/, ''), folders }
    const [, key, isEmpty] = FOLDER.exec(line.text) ?? []
    if (key === undefined) return undefined
    const after = isEmpty === undefined ? skipRecords(bytes, line.next) : line.next
    if (after === undefined) return undefined
    const from = line.next
    folders.set(decodeKey(key), (subdir) => readFolder(bytes, { start: from, end: isEmpty === undefined ? after : from, subdir }))
    start = after
  }
  return undefined
}

function decodeKey(text: string): string {
  const value: unknown = JSON.parse(text)
  return typeof value === 'string' ? value : ''
}

function lineAt(bytes: Buffer, start: number): { readonly text: string; readonly next: number } {
  const end = bytes.indexOf(0x0a, start)
  return end < 0 ? { text: bytes.toString('utf8', start), next: bytes.length } : { text: bytes.toString('utf8', start, end), next: end + 1 }
}

const FOLDER_END = Buffer.from('\n  }')

/** Where the lines of a folder end. */
function skipRecords(bytes: Buffer, start: number): number | undefined {
  const at = bytes.indexOf(FOLDER_END, start)
  return at < 0 ? undefined : lineAt(bytes, at + 1).next
}

/** Lines that are not as we write them are as if they were not there, so that what they stand for travels again. */
function readFolder(bytes: Buffer, { start, end, subdir }: { readonly start: number; readonly end: number; readonly subdir: SubdirName }): ArtifactSet {
  const builder = createArtifactSetBuilder(subdir)
  let name = ''
  let fields: { md5?: string; sha256?: string; size?: number } = {}
  for (let at = start; at < end;) {
    const { text, next } = lineAt(bytes, at)
    at = next
    const [, field, value = ''] = FIELD.exec(text) ?? []
    if (field === 'size') fields.size = Number(value)
    else if (field === 'md5' || field === 'sha256') fields[field] = value
    else if (text.startsWith('    }')) {
      addRecord(builder, name, fields)
      name = ''
      fields = {}
    } else name = RECORD.exec(text)?.[1] ?? ''
  }
  return builder.build()
}

function addRecord(builder: ReturnType<typeof createArtifactSetBuilder>, name: string, { md5, sha256, size = 0 }: { readonly md5?: string; readonly sha256?: string; readonly size?: number }): void {
  if (!isArtifactName(name) || !Number.isSafeInteger(size)) return
  if (sha256?.length === 64) builder.add({ name, size, digest: createDigest('sha256', sha256) })
  else if (md5?.length === 32) builder.add({ name, size, digest: createDigest('md5', md5) })
}
