import { inspect } from 'node:util'
import { parseChannelUrl } from '@mirror/core'
import { faults, type Fault, serveChannel } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import { parseNetrc, type RepositoryClientOptions } from '../src/index.ts'
import { artifactOf, failureOf, LARGE_NAME, observe, readAll, SMALL_NAME, SUBDIR, test } from './upstream.ts'

const TOKEN = 'tk-1234-abcd'
const PASSWORD = 'hunter2-Pass'
const SIGNATURE = 'presigned0123456789'

describe('credentials', () => {
  test('of a token are written into the path', async ({ expect, channel }) => {
    await using server = await serveChannel(channel.folder, { token: TOKEN })
    const { client } = observe({ channel: parseChannelUrl(`${server.origin}/t/${TOKEN}/`, { folder: 'x' }) })
    expect((await client.fetchIndex(SUBDIR)).status).toBe('fetched')
    expect((await client.fetchArtifact(artifactOf(channel, SMALL_NAME))).bytes).toBeDefined()
    expect(await client.fetchFile('channeldata.json')).toBeUndefined()
    await client.close()
  })

  test('of a user go into a header', async ({ expect, channel }) => {
    await using server = await serveChannel(channel.folder, { auth: { user: 'me@x', password: 'p:w/d' } })
    const { client } = observe({ channel: parseChannelUrl(server.url.replace('http://', 'http://me%40x:p%3Aw%2Fd@'), { folder: 'x' }) })
    expect((await client.fetchIndex(SUBDIR)).status).toBe('fetched')
    expect((await client.fetchArtifact(artifactOf(channel, SMALL_NAME))).bytes).toBeDefined()
    await client.close()
  })

  test('come from .netrc for the host of the channel', async ({ expect, channel }) => {
    await using server = await serveChannel(channel.folder, { auth: { user: 'me', password: PASSWORD } })
    const netrc = parseNetrc(`machine other.org login no password no\nmachine 127.0.0.1 login me password ${PASSWORD}`)
    const { client } = observe({ channel: parseChannelUrl(server.url, { folder: 'x' }), netrc })
    expect((await client.fetchIndex(SUBDIR)).status).toBe('fetched')
    await client.close()
  })

  test('that are wrong or missing are CHANNEL_FORBIDDEN with a hint', async ({ expect, channel }) => {
    await using server = await serveChannel(channel.folder, { auth: { user: 'me', password: PASSWORD } })
    const { client } = observe({ channel: parseChannelUrl(server.url, { folder: 'x' }) })
    const failure = await failureOf(client.fetchIndex(SUBDIR))
    expect(failure).toMatchObject({ code: 'CHANNEL_FORBIDDEN', hint: expect.stringContaining('.netrc') })
    await client.close()
  })
})

describe('no secret is shown', () => {
  const cases: readonly (readonly [string, Fault])[] = [
    ['honest answers', faults.waitFor({ open: () => undefined, reached: Promise.resolve(), pass: async () => undefined })],
    ['404', faults.status(404)], ['401', faults.status(401)], ['403', faults.status(403)], ['400', faults.status(400)], ['503', faults.status(503)], ['204', faults.noContent()],
    ['a reset', faults.resetBeforeHead()], ['truncation', faults.truncate()], ['a stall', faults.stall({ bytes: 10 })], ['a page', faults.htmlPage()], ['a flipped byte', faults.flipByte()],
    ['a bad length', faults.declareLength(['-1'])], ['huge headers', faults.hugeHeader()], ['an encoding', faults.claimEncoding('br')],
    ['a loop', faults.redirectLoop()],
    ['a redirect with a secret', faults.redirect(`http://127.0.0.1:9/t/${TOKEN}/x?X-Amz-Signature=${SIGNATURE}`)],
    ['a refused redirect with a secret', faults.redirect(`http://u:${PASSWORD}@169.254.169.254/t/${TOKEN}/x?sig=${SIGNATURE}#${SIGNATURE}`)],
  ]

  for (const [what, fault] of cases) {
    test(`by ${what}, in errors or events`, async ({ expect, channel }) => {
      await using server = await serveChannel(channel.folder)
      server.misbehave({ fault })
      const url = `http://me:${PASSWORD}@127.0.0.1:${server.port}/t/${TOKEN}/`
      const options: RepositoryClientOptions = {
        channel: parseChannelUrl(url, { folder: 'x' }),
        timeouts: { stall: 100, rateWindow: 100 },
        retry: { tries: 2 },
        netrc: parseNetrc(`machine 127.0.0.1 login me password ${PASSWORD}`),
        proxy: { httpProxy: `http://me:${PASSWORD}@127.0.0.1:9`, noProxy: '127.0.0.1' },
      }
      const { client, events } = observe(options)
      const shown: unknown[] = []
      const keep = async (promise: Promise<unknown>): Promise<void> => {
        await promise.catch((error: unknown) => shown.push(error))
      }
      await keep(client.fetchIndex(SUBDIR))
      await keep(client.fetchArtifact(artifactOf(channel, SMALL_NAME)))
      await keep((async () => readAll(await client.fetchArtifact(artifactOf(channel, LARGE_NAME))))())
      await keep(client.fetchFile('channeldata.json'))
      await keep(client.fetchArtifact(artifactOf(channel, SMALL_NAME), { baseUrl: `http://169.254.169.254/t/${TOKEN}/` }))
      await client.close()
      expect(server.requests.length).toBeGreaterThan(2)
      expect(shown.length).toBeGreaterThan(0)
      const text = inspect([shown, events], { depth: 20, showHidden: true, maxStringLength: Infinity }) + JSON.stringify([shown, events]) + shown.map((error) => (error instanceof Error ? `${error.stack}` : '')).join('')
      for (const secret of [TOKEN, PASSWORD, btoa(`me:${PASSWORD}`), SIGNATURE]) expect(text).not.toContain(secret)
    })
  }
})
