import { randomBytes } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import type { RequestBody } from '../transport.ts'
import { readChunks } from './file-body.ts'

/** A field with a text. */
export interface FormField {
  readonly name: string
  readonly value: string
}

/** The field with the file. */
export interface FormFile {
  readonly name: string
  /** Undefined: none is told. */
  readonly filename: string | undefined
  /** Headers of the part beside its `Content-Disposition`, in their order. */
  readonly headers?: Readonly<Record<string, string>>
  readonly file: FileHandle
  /** Bytes. */
  readonly size: number
  /** Fields behind it, for APIs that are used to them there. */
  readonly after?: readonly FormField[]
}

/**
 * A `multipart/form-data` body (RFC 7578) with the fields in the order given and the file last, unless told, its length known beforehand: what S3's POST Object and the APIs that follow it
 * demand. Libraries for forms sort, add part headers of their own, or send chunks.
 */
export function formBody(fields: readonly FormField[], file: FormFile): RequestBody {
  const boundary = randomBytes(16).toString('hex')
  const head = Buffer.from(`${fields.map((field) => `${openPart(boundary, field.name)}\r\n\r\n${field.value}\r\n`).join('')}${openFile(boundary, file)}`)
  const after = (file.after ?? []).map((field) => `\r\n${openPart(boundary, field.name)}\r\n\r\n${field.value}`)
  const tail = Buffer.from(`${after.join('')}\r\n--${boundary}--\r\n`)
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    length: head.length + file.size + tail.length,
    async *chunks() {
      yield head
      yield* readChunks(file.file, file.size)
      yield tail
    },
  }
}

function openPart(boundary: string, name: string): string {
  return `--${boundary}\r\nContent-Disposition: form-data; name="${escapeParameter(name)}"`
}

function openFile(boundary: string, { name, filename, headers = {} }: FormFile): string {
  const told = filename === undefined ? '' : `; filename="${escapeParameter(filename)}"`
  return `${openPart(boundary, name)}${told}\r\n${Object.entries(headers).map(([key, value]) => `${key}: ${value}\r\n`).join('')}\r\n`
}

/** As browsers do it (RFC 7578 §2). */
function escapeParameter(text: string): string {
  return text.replace(/["\r\n]/g, (character) => encodeURIComponent(character))
}
