import { describe } from 'vitest'
import { readPublicRoot } from '../../src/use/public-root.ts'
import { SMALL, test } from '../world.ts'

const BROWSER = { accept: 'text/html' }

describe('the address of the site', () => {
  const socket = {} as Parameters<typeof readPublicRoot>[0]['socket']
  const rootOf = (headers: Readonly<Record<string, string>>, isForwarded = false): string => readPublicRoot({ headers, socket }, isForwarded)

  test('is what Host says, where that is a host', ({ expect }) => {
    expect([{ host: 'mirror.example.com:8080' }, { host: '[::1]:80' }, { host: '10.0.0.1' }].map((headers) => rootOf(headers))).toEqual(['http://mirror.example.com:8080/', 'http://[::1]:80/', 'http://10.0.0.1/'])
    for (const host of ['', 'a b', '"><script>', 'x/y', 'x@y', '-x', 'x:123456', 'a\nb', '\u00e4.example']) expect(rootOf({ host }), host).toBe('http://mirror.example.org/')
    expect(rootOf({})).toBe('http://mirror.example.org/')
  })

  test('is what a proxy says, where that is one that is trusted', ({ expect }) => {
    const headers = { host: 'inner:8080', 'x-forwarded-host': 'evil.example, mirror.example.com', 'x-forwarded-proto': 'https', 'x-forwarded-prefix': '/conda/' }
    expect([rootOf(headers), rootOf(headers, true)]).toEqual(['http://inner:8080/', 'https://mirror.example.com/conda/'])
    expect(rootOf({ ...headers, 'x-forwarded-proto': 'javascript', 'x-forwarded-prefix': '/a"b', 'x-forwarded-host': 'a b' }, true)).toBe('http://inner:8080/')
  })
})

describe('ready-made configuration', () => {
  test('names the channel as clients name it, for the address that was asked', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(SMALL)
    world.run('snapshot', 'create', 'spring', '-q')
    const page = (await world.get('/team/-/use', { ...BROWSER, host: 'conda.example.com' })).body.toString()
    const text = page.replaceAll(/<[^>]*>/g, '')
    expect(text).toContain('channel_alias: http://conda.example.com/\nchannels:\n  - team\n')
    expect(text).toContain('mirrored_channels:\n  team:\n    - http://conda.example.com/team\n')
    expect(text).toContain('channels = [&quot;http://conda.example.com/team&quot;]'.replaceAll('&quot;', '"'))
    expect(page).toContain('data-url="team"')
    const kept = (await world.get('/snapshots/spring/team/-/use', { ...BROWSER, host: 'x.example' })).body.toString()
    expect(kept.replaceAll(/<[^>]*>/g, '')).toContain('http://x.example/snapshots/spring/team')
    const told: unknown = JSON.parse((await world.get('/-/api/use/team', { host: 'x.example' })).body.toString())
    expect(told).toEqual({ channel: 'team', url: 'http://x.example/team', alias: 'http://x.example/' })
    expect((await world.get('/team/-/use', { ...BROWSER, host: '"><script>alert(1)</script>' })).body.toString()).not.toContain('<script>alert')
  })
})
