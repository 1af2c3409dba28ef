import fs from 'node:fs'
import { join } from 'node:path'
import { changeChannel } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import { SMALL, test, type World } from '../world.ts'

const BROWSER = { accept: 'text/html' }

async function readJson(world: World, path: string): Promise<unknown> {
  const { status, body } = await world.get(path)
  return status === 200 ? JSON.parse(body.toString()) : status
}

/** A second sync that adds, removes, re-uses and re-lists. */
async function advance({ upstream, run }: World, ...args: readonly string[]): Promise<void> {
  await changeChannel(upstream, {
    add: { 'linux-64': [{ name: 'zeta' }, { name: 'gamma', depends: ['beta >=1'], salt: 'again' }] }, remove: { 'linux-64': ['delta-1.0-0.tar.bz2'] }, relist: { noarch: { 'alpha-1.0-0.conda': { license: 'MIT' } } },
  })
  run('sync', '-q', '-c', upstream, '-p', 'linux-64', ...args)
}

const WANTED = {
  added: { count: 1, paths: ['linux-64/zeta-1.0-0.conda'] }, removed: { count: 1, paths: ['linux-64/delta-1.0-0.tar.bz2'] },
  replaced: { count: 1, paths: ['linux-64/gamma-1.0-0.conda'] }, relisted: { count: 1, paths: ['noarch/alpha-1.0-0.conda'] },
}

describe('the history of a channel', () => {
  test('tells of each run, what it changed by name, and how the channel grew', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(SMALL)
    await advance(world)
    world.run('rollback', '-q', '--to', '1')
    expect(await readJson(world, '/-/api/history/team')).toMatchObject({
      channel: 'team',
      runs: [
        { command: 'rollback to 1', made: 3, added: 1, removed: 1, reused: 1, relisted: 1 },
        { command: 'sync', made: 2, status: 'committed', added: 1, removed: 1, reused: 1, relisted: 1, duration: expect.any(Number) as number, fetchedBytes: expect.any(Number) as number },
        { command: 'sync', made: 1, added: 6 },
      ],
      growth: [{ generation: 1, artifacts: 6 }, { generation: 2, artifacts: 6, bytes: expect.any(Number) as number }, { generation: 3, artifacts: 6 }],
      kept: [{ number: 3 }, { number: 2 }, { number: 1 }],
    })
    expect(await readJson(world, '/-/api/changes/2/team')).toMatchObject({ channel: 'team', generation: 2, changes: WANTED })
    expect(await readJson(world, '/-/api/changes/3/team')).toMatchObject({ changes: { added: WANTED.removed, removed: WANTED.added, replaced: WANTED.replaced, relisted: WANTED.relisted } })
    expect(await readJson(world, '/-/api/changes/1/team')).toMatchObject({ generation: 1, changes: null })
    for (const path of ['/-/api/changes/4/team', '/-/api/changes/0/team', '/-/api/changes/2e0/team', '/-/api/changes/2/none', '/-/api/history/none', '/-/api/history/team/linux-64']) expect((await world.get(path)).status, path).toBe(404)
  })

  test('is compared where the note is lost, as long as both generations are kept; then nothing is said', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(SMALL)
    await advance(world)
    const memo = join(world.mirror, 'team/.mirror/memo/changes-2.json')
    const noted: unknown = JSON.parse(fs.readFileSync(memo, 'utf8'))
    fs.rmSync(memo)
    expect(await readJson(world, '/-/api/changes/2/team')).toMatchObject({ changes: WANTED })
    expect(noted).toMatchObject({ generation: 2, changes: WANTED })
    fs.rmSync(join(world.mirror, 'team/.mirror/generations/1.json'))
    // What was compared once is remembered; a server that starts now cannot know it.
    const again = await createWorldOf(SMALL)
    await advance(again, '--grace', '0')
    fs.rmSync(join(again.mirror, 'team/.mirror/memo/changes-2.json'))
    expect(await readJson(again, '/-/api/changes/2/team')).toMatchObject({ changes: null })
    const page = await again.get('/team/-/changes/2', BROWSER)
    expect([page.status, page.body.toString()]).toEqual([200, expect.stringContaining('The names are not known') as string])
  })

  test('is a page with charts that say in words and tables what they draw, and links to every artifact', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(SMALL)
    await advance(world)
    const { status, headers, body } = await world.get('/team/-/history', BROWSER)
    const text = body.toString()
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(text.match(/<svg[^>]*role="img"/g)?.length).toBe(4)
    expect(text).toMatch(/<desc id="artifacts-text">From 6 on \d{4}-\d\d-\d\d to 6 on /)
    expect(text).toContain('Artifacts: values')
    expect(text).toContain('href="../../team/-/changes/2"')
    const changes = (await world.get('/team/-/changes/2', BROWSER)).body.toString()
    for (const name of ['zeta-1.0-0.conda', 'gamma-1.0-0.conda']) expect(changes).toContain(`href="../../../team/-/artifact/linux-64/${name}"`)
    expect(changes).toContain('<bdi>delta-1.0-0.tar.bz2</bdi>')
    expect(changes).not.toContain('artifact/linux-64/delta')
    expect((await world.get('/team/-/changes/2?kind=added', BROWSER)).body.toString()).not.toContain('delta-1.0-0')
  })

  test('says that there is none for a tree of another tool', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(SMALL)
    fs.rmSync(join(world.mirror, 'team/.mirror'), { recursive: true })
    const { status, body } = await world.get('/team/-/history', BROWSER)
    expect([status, body.toString()]).toEqual([200, expect.stringContaining('Another tool made this folder') as string])
    expect((await world.get('/-/api/history/team')).status).toBe(404)
    expect((await world.get('/team/-/changes/1', BROWSER)).status).toBe(404)
  })

  test('shows what a run was told by others as text', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(SMALL)
    const runs = join(world.mirror, 'team/.mirror/memo/runs.json')
    const [first] = JSON.parse(fs.readFileSync(runs, 'utf8')) as readonly object[]
    const evil = '"><img src=x onerror=alert(1)>\u202e<script>'
    fs.writeFileSync(runs, JSON.stringify([{ ...first, command: evil, status: 'held', held: [{ subdir: evil, code: 'X', reason: evil }] }, { ...first, status: 'failed', error: { code: 'X', message: evil } }]))
    const text = (await world.get('/team/-/history', BROWSER)).body.toString()
    expect(text).not.toMatch(/<img|<script>/)
    expect(text.match(/&lt;script&gt;/g)?.length).toBeGreaterThanOrEqual(4)
  })
})
