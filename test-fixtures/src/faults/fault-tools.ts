import type { Exchange, Fault } from '../exchange.ts'

/** A place in a body: a count of bytes, a share of it, or bytes before its end. Without any: the middle. */
export interface Place {
  readonly bytes?: number
  readonly fraction?: number
  readonly fromEnd?: number
}

/** The offset that a place means in a body of this length. */
export function offsetOf(place: Place, length: number): number {
  const at = place.bytes ?? (place.fromEnd === undefined ? Math.floor(length * (place.fraction ?? 0.5)) : length - place.fromEnd)
  return Math.max(0, Math.min(length, at))
}

/** Header lines in order; a name may come twice. */
export type Head = readonly (readonly [name: string, value: string])[]

/** The honest headers with changes; undefined leaves one out. */
export function headOf(exchange: Exchange, changes: Readonly<Record<string, string | undefined>> = {}): Head {
  const headers = new Map(Object.entries<string | undefined>(exchange.honest.headers))
  for (const [name, value] of Object.entries(changes)) headers.set(name, value)
  return [...headers].flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
}

/** Resolves when the client is gone or the server closes. */
export async function untilGone(exchange: Exchange): Promise<void> {
  if (exchange.signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  exchange.signal.addEventListener('abort', () => { resolve() }, { once: true })
  await promise
}

/** Answers with a body changed in this way and the length that fits it. */
export function replaceBody(name: string, change: (body: Buffer) => Buffer): Fault {
  return {
    name,
    run: ({ honest, send }) => {
      const body = change(honest.body)
      send({ ...honest, headers: { ...honest.headers, 'content-length': String(body.length) }, body })
    },
  }
}
