import type { Fault } from '../exchange.ts'
import { createPadding } from '../padding.ts'
import { offsetOf, type Place, replaceBody } from './fault-tools.ts'

/** Flips one bit of one byte. */
export function flipByte(place: Place = {}): Fault {
  return replaceBody('flipByte', (body) => {
    const copy = Buffer.from(body)
    const at = Math.min(copy.length - 1, offsetOf(place, copy.length))
    if (at >= 0) copy[at] = (copy[at] ?? 0) ^ 1
    return copy
  })
}

/** Sends other bytes of the same length. */
export function sameSize(): Fault {
  return replaceBody('sameSize', (body) => createPadding('sameSize', body.length))
}

/** Sends so many bytes after the body, with a Content-Length that agrees. */
export function extraBytes(count = 1): Fault {
  return replaceBody('extraBytes', (body) => Buffer.concat([body, createPadding('extraBytes', count)]))
}
