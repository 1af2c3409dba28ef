import { describe, test } from 'vitest'
import { type BodyQueue, createBodyQueue } from '../src/body-queue.ts'
import { BodyTooLarge } from '../src/transport.ts'

const CHUNK = Buffer.alloc(100_000, 'x')

/** A queue and what it asks of its connection. */
function open(): { readonly queue: BodyQueue; readonly asked: string[] } {
  const asked: string[] = []
  return { asked, queue: createBodyQueue({ pause: () => asked.push('pause'), resume: () => asked.push('resume'), stop: () => asked.push('stop') }) }
}

describe('createBodyQueue()', () => {
  test('pauses the connection when a quarter of a MiB waits, and resumes it when all was read', async ({ expect }) => {
    const { queue, asked } = open()
    for (let index = 0; index < 4; index += 1) queue.push(CHUNK)
    expect(asked).toEqual(['pause'])
    const reader = queue.body[Symbol.asyncIterator]()
    for (let index = 0; index < 4; index += 1) await reader.next()
    expect(asked).toEqual(['pause'])
    const next = reader.next()
    expect(asked).toEqual(['pause', 'resume'])
    queue.push(CHUNK)
    expect((await next).value).toBe(CHUNK)
    queue.end()
    expect(await reader.next()).toEqual({ done: true, value: undefined })
    expect(asked).toEqual(['pause', 'resume'])
  })

  test('misses nothing that the connection pushes, and no end, while it is being resumed', async ({ expect }) => {
    const later: (() => void)[] = []
    const queue: BodyQueue = createBodyQueue({ pause: () => undefined, resume: () => later.shift()?.(), stop: () => undefined })
    later.push(() => {
      queue.push(CHUNK)
      queue.end()
    })
    for (let index = 0; index < 3; index += 1) queue.push(CHUNK)
    let received = 0
    for await (const chunk of queue.body) received += chunk.length
    expect(received).toBe(400_000)
  })

  test('gives what came before a failure, then the failure', async ({ expect }) => {
    const { queue } = open()
    queue.push(CHUNK)
    queue.fail(new Error('gone'))
    const reader = queue.body[Symbol.asyncIterator]()
    expect((await reader.next()).value).toBe(CHUNK)
    await expect(reader.next()).rejects.toThrow('gone')
  })

  test('stops the connection when the reader stops', async ({ expect }) => {
    const { queue, asked } = open()
    queue.push(CHUNK)
    for await (const chunk of queue.body) if (chunk.length > 0) break
    expect(asked).toEqual(['stop'])
  })

  test('collects without a pause, and no more than it may', async ({ expect }) => {
    const { queue, asked } = open()
    const collected = queue.body.collect(500_000)
    for (let index = 0; index < 5; index += 1) queue.push(CHUNK)
    expect(asked).toEqual([])
    queue.push(Buffer.from('x'))
    await expect(collected).rejects.toThrow(BodyTooLarge)
    expect(asked).toEqual(['stop'])
  })

  test('throws a short rest away and stops a long one', ({ expect }) => {
    const short = open()
    short.queue.body.drain()
    short.queue.push(Buffer.alloc(65_536))
    short.queue.end()
    expect(short.asked).toEqual([])
    const long = open()
    long.queue.push(Buffer.alloc(65_536))
    long.queue.body.drain()
    long.queue.push(Buffer.alloc(1))
    expect(long.asked).toEqual(['stop'])
  })
})
