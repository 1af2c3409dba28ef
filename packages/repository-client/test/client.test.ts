import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { faults } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import { artifactOf, failureOf, LARGE_NAME, SMALL_NAME, SUBDIR, test } from './upstream.ts'

describe('createRepositoryClient()', () => {
  test('loads no HTTP library before the first request', async ({ expect }) => {
    const code = `
      import { registerHooks } from 'node:module'
      const urls = []
      registerHooks({ load: (url, context, next) => { urls.push(url); return next(url, context) } })
      const { createRepositoryClient } = await import('@mirror/repository-client')
      const { parseChannelUrl } = await import('@mirror/core')
      createRepositoryClient({ channel: parseChannelUrl('conda-forge') })
      console.log(urls.filter((url) => /\\/(?:got|undici)\\//.test(url)).length, urls.some((url) => url.endsWith('/create-repository-client.ts')))
    `
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code], { cwd: new URL('..', import.meta.url) })
    expect(stdout).toBe('0 true\n')
  })

  test('takes one signal for many calls without a warning', async ({ expect, channel, open }) => {
    const warnings: Error[] = []
    const note = (warning: Error): void => void warnings.push(warning)
    process.on('warning', note)
    const { client } = open({ concurrency: 4 })
    const { signal } = new AbortController()
    await Promise.all(Array.from({ length: 50 }, async () => client.fetchArtifact(artifactOf(channel, SMALL_NAME), { signal })))
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', note)
    expect(warnings.filter(({ message }) => message.includes('AbortSignal'))).toEqual([])
  })

  test('ends what runs when it is closed, and opens nothing again', async ({ expect, channel, upstream, open }) => {
    upstream.misbehave({ fault: faults.silence() })
    const { client } = open()
    const running = [client.fetchIndex(SUBDIR), client.fetchArtifact(artifactOf(channel, SMALL_NAME)), client.fetchArtifact(artifactOf(channel, LARGE_NAME))].map(async (promise) => failureOf(promise))
    await new Promise<void>((resolve) => {
      const look = (): void => (upstream.requests.length === 3 ? resolve() : void setImmediate(look))
      look()
    })
    await client.close()
    for (const failure of await Promise.all(running)) expect(failure.message).toBe('The client was closed')
    expect(upstream.requests.length).toBe(3)
  })
})
