import { parseChannelUrl } from '@mirror/core'
import { faults, serveChannel } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import { artifactOf, bytesOf, failureOf, LARGE_NAME, observe, readAll, SMALL_NAME, SUBDIR, test } from './upstream.ts'

describe('redirects (N12)', () => {
  test('are followed on the same origin, up to ten', async ({ expect, channel, upstream, open }) => {
    upstream.misbehave({ fault: faults.redirectHops(10) })
    const { client, events } = open()
    const artifact = artifactOf(channel, SMALL_NAME)
    expect((await client.fetchArtifact(artifact)).bytes).toEqual(await bytesOf(channel, artifact))
    expect(events.filter(({ type }) => type === 'redirected')).toHaveLength(10)
    expect((await client.fetchIndex(SUBDIR)).status).toBe('fetched')
  })

  for (const [what, fault] of [['eleven hops', faults.redirectHops(11)], ['a loop', faults.redirectLoop()]] as const) {
    test(`end at ten: ${what}`, async ({ expect, channel, upstream, open }) => {
      upstream.misbehave({ fault })
      const { client } = open()
      expect((await failureOf(client.fetchArtifact(artifactOf(channel, SMALL_NAME)))).code).toBe('REDIRECT_REFUSED')
      expect((await failureOf(client.fetchIndex(SUBDIR))).code).toBe('REDIRECT_REFUSED')
      expect(upstream.requests.length).toBe(22)
    })
  }

  for (const location of ['http://169.254.169.254/latest/meta-data', 'http://[fe80::1]/', 'http://[::ffff:169.254.169.254]/', 'http://0.0.0.0/', 'file:///etc/passwd', 'ftp://127.0.0.1/x', 'http://[', '']) {
    test(`are not followed to ${JSON.stringify(location)}`, async ({ expect, channel, upstream, open }) => {
      upstream.misbehave({ fault: faults.redirect(location === '' ? 'data:,x' : location) })
      const { client } = open()
      for (const name of [SMALL_NAME, LARGE_NAME]) expect((await failureOf(client.fetchArtifact(artifactOf(channel, name)))).code).toBe('REDIRECT_REFUSED')
      expect((await failureOf(client.fetchIndex(SUBDIR))).code).toBe('REDIRECT_REFUSED')
      expect(upstream.requests.length).toBe(3)
    })
  }

  test('to another origin work, without the credentials of the channel', async ({ expect, channel, upstream }) => {
    await using guarded = await serveChannel(channel.folder, { auth: { user: 'me', password: 'hunter2' } })
    guarded.misbehave({ fault: faults.redirect(`${upstream.origin}{path}`) })
    const { client, events } = observe({ channel: parseChannelUrl(guarded.url.replace('http://', 'http://me:hunter2@'), { folder: 'x' }) })
    const artifact = artifactOf(channel, SMALL_NAME)
    expect((await client.fetchArtifact(artifact)).bytes).toEqual(await bytesOf(channel, artifact))
    expect((await client.fetchIndex(SUBDIR)).status).toBe('fetched')
    expect(guarded.requests.map(({ headers }) => headers.authorization)).toEqual(Array.from({ length: 3 }, () => `Basic ${btoa('me:hunter2')}`))
    expect(upstream.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined])
    expect(events.filter(({ type }) => type === 'redirected')).toHaveLength(2)
    await client.close()
  })

  test('keep the credentials on the same origin', async ({ expect, channel }) => {
    await using guarded = await serveChannel(channel.folder, { auth: { user: 'me', password: 'hunter2' } })
    guarded.misbehave({ times: 1, fault: faults.redirect('{path}') })
    const { client } = observe({ channel: parseChannelUrl(guarded.url.replace('http://', 'http://me:hunter2@'), { folder: 'x' }) })
    expect((await client.fetchIndex(SUBDIR)).status).toBe('fetched')
    await client.close()
  })

  test('do not bring credentials of their own', async ({ expect, channel, upstream, open }) => {
    await using other = await serveChannel(channel.folder)
    upstream.misbehave({ fault: faults.redirect(`http://evil:word@127.0.0.1:${other.port}{path}`) })
    await open().client.fetchArtifact(artifactOf(channel, SMALL_NAME))
    expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([undefined])
  })

  test('go only to the listed hosts, when hosts are listed', async ({ expect, channel, upstream, open }) => {
    await using other = await serveChannel(channel.folder)
    upstream.misbehave({ fault: faults.redirect(`${other.origin}{path}`) })
    const artifact = artifactOf(channel, SMALL_NAME)
    expect((await failureOf(open({ redirectHosts: ['cdn.example.org'] }).client.fetchArtifact(artifact))).code).toBe('REDIRECT_REFUSED')
    expect((await failureOf(open({ redirectHosts: [] }).client.fetchArtifact(artifact))).code).toBe('REDIRECT_REFUSED')
    expect((await open({ redirectHosts: [`127.0.0.1:${other.port}`] }).client.fetchArtifact(artifact)).bytes?.length).toBe(artifact.size)
    expect((await open({ redirectHosts: ['127.0.0.1'] }).client.fetchArtifact(artifact)).bytes?.length).toBe(artifact.size)
  })
})

describe('info.base_url', () => {
  test('is where artifacts are read, without the credentials of the channel', async ({ expect, channel, upstream, folder }) => {
    await using guarded = await serveChannel(folder, { auth: { user: 'me', password: 'hunter2' } })
    const { client } = observe({ channel: parseChannelUrl(guarded.url.replace('http://', 'http://me:hunter2@'), { folder: 'x' }) })
    const baseUrl = `${upstream.url}${SUBDIR}/`
    for (const name of [SMALL_NAME, LARGE_NAME]) {
      const artifact = artifactOf(channel, name)
      expect(await readAll(await client.fetchArtifact(artifact, { baseUrl }))).toEqual(await bytesOf(channel, artifact))
    }
    expect(upstream.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined])
    expect(guarded.requests).toEqual([])
    await client.close()
  })

  test('keeps to the rules of redirects', async ({ expect, channel, open }) => {
    const { client } = open()
    const artifact = artifactOf(channel, SMALL_NAME)
    for (const baseUrl of ['http://169.254.169.254/', 'ftp://127.0.0.1/']) {
      expect((await failureOf(client.fetchArtifact(artifact, { baseUrl }))).code).toBe('REDIRECT_REFUSED')
    }
  })
})
