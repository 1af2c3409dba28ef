import type { Fault } from '../exchange.ts'
import { withoutKeys } from '../json.ts'

/** Answers 200 with the whole file, whatever range was asked for. */
export function ignoreRange(): Fault {
  return {
    name: 'ignoreRange',
    run: async ({ request, sendHonest }) => {
      delete request.headers.range
      await sendHonest()
    },
  }
}

/** Sends the range that was asked for whatever If-Range says: when the file has changed, a part of another file. */
export function ignoreIfRange(): Fault {
  return {
    name: 'ignoreIfRange',
    run: async ({ request, sendHonest }) => {
      delete request.headers['if-range']
      await sendHonest()
    },
  }
}

/** Gives another strong ETag at every answer, as two nodes with different copies do; conditions never match. */
export function changeEtag(): Fault {
  return {
    name: 'changeEtag',
    run: ({ honest, hit, send }) => {
      send({ ...honest, headers: { ...honest.headers, etag: `"changed-${hit}"` } })
    },
  }
}

/** Gives the ETag as a weak one. */
export function weakEtag(): Fault {
  return {
    name: 'weakEtag',
    run: ({ honest, send }) => {
      send({ ...honest, headers: { ...honest.headers, etag: `W/${honest.headers['etag'] ?? '"weak"'}` } })
    },
  }
}

/** Gives no ETag and no Last-Modified. */
export function noValidators(): Fault {
  return {
    name: 'noValidators',
    run: ({ honest, send }) => {
      send({ ...honest, headers: withoutKeys(honest.headers, ['etag', 'last-modified']) })
    },
  }
}

/** Moves the numbers of Content-Range by some bytes; an answer without one gets none. */
export function wrongContentRange(shift = 1): Fault {
  return {
    name: 'wrongContentRange',
    run: ({ honest, send }) => {
      const range = honest.headers['content-range']?.replaceAll(/\d+/g, (text) => String(Number(text) + shift))
      send({ ...honest, headers: { ...honest.headers, ...(range === undefined ? {} : { 'content-range': range }) } })
    },
  }
}
