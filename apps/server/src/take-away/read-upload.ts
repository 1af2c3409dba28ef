/** What somebody sends. */
export interface Upload {
  readonly body: AsyncIterable<Uint8Array>
  /** `Content-Type` of the request. */
  readonly contentType: string
}

/** What is sent is no form with a file. */
export class UploadMalformed extends Error {
  override readonly name = 'UploadMalformed'
}

const MAXIMUM_HEAD = 16_384

/** The bytes of the file that was sent: the first one of a form (multipart/form-data, RFC 7578), or else all that was sent. Each piece is valid until the next one is asked for. Throws `UploadMalformed`. */
export async function* readUpload({ body, contentType }: Upload): AsyncGenerator<Uint8Array, void, undefined> {
  if (!/^multipart\//i.test(contentType)) {
    yield* body
    return
  }
  const boundary = /;\s*boundary=(?:"(?<quoted>[^"]{1,70})"|(?<plain>[^\s;"]{1,70}))/i.exec(contentType)?.groups
  const text = boundary?.['quoted'] ?? boundary?.['plain']
  if (text === undefined || !/^multipart\/form-data/i.test(contentType)) throw new UploadMalformed('no form')
  yield* readForm(body, Buffer.from(`\r\n--${text}`, 'latin1'))
}

/** Goes through the parts to the first one that is a file, and reads that. */
async function* readForm(body: AsyncIterable<Uint8Array>, delimiter: Buffer): AsyncGenerator<Uint8Array, void, undefined> {
  const window = openWindow(body)
  try {
    await skip(readTo(window, delimiter))
    for (;;) {
      const head = await readHead(window)
      if (isFile(head)) return yield* readTo(window, delimiter)
      await skip(readTo(window, delimiter))
    }
  } finally {
    await window.close()
  }
}

/** What has come and was not read yet. */
interface Window {
  rest: Buffer
  /** Waits for more of it. Throws `UploadMalformed` at the end. */
  readonly grow: () => Promise<void>
  readonly close: () => Promise<void>
}

/** The first delimiter has no line before it. */
function openWindow(body: AsyncIterable<Uint8Array>): Window {
  const iterator = body[Symbol.asyncIterator]()
  const window: Window = {
    rest: Buffer.from('\r\n'),
    async grow() {
      const { done, value } = await iterator.next()
      if (done === true) throw new UploadMalformed('it ends too early')
      window.rest = Buffer.concat([window.rest, value])
    },
    close: async () => void await iterator.return?.(),
  }
  return window
}

/** The bytes before a mark; the mark is taken away, too. */
async function* readTo(window: Window, mark: Buffer): AsyncGenerator<Uint8Array, void, undefined> {
  for (;;) {
    const end = window.rest.indexOf(mark)
    // The mark may have begun.
    const known = end >= 0 ? end : Math.max(0, window.rest.length - mark.length)
    const piece = window.rest.subarray(0, known)
    window.rest = window.rest.subarray(end >= 0 ? end + mark.length : known)
    if (piece.length > 0) yield piece
    if (end >= 0) return
    await window.grow()
  }
}

async function skip(pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const iterator = pieces[Symbol.asyncIterator]()
  while ((await iterator.next()).done !== true) continue
}

const HEAD_END = Buffer.from('\r\n\r\n')

async function readHead(window: Window): Promise<string> {
  let length = 0
  const pieces: Buffer[] = []
  for await (const piece of readTo(window, HEAD_END)) {
    length += piece.length
    if (length > MAXIMUM_HEAD) throw new UploadMalformed('a part without an end of its head')
    pieces.push(Buffer.from(piece))
  }
  return Buffer.concat(pieces).toString('latin1')
}

function isFile(head: string): boolean {
  return /^content-disposition:.*\bfilename\*?=/im.test(head)
}
