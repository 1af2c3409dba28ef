import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, test } from 'vitest'
import { startServer, type ServerEvent } from '../../src/index.ts'
import { findFaults, readPage, type ReadPage } from './read-page.ts'

// Real channels are not in the repository (MIRROR_TEST_DATA): skipped where their folder is absent.
const CHANNELS = join(resolve(process.env['MIRROR_TEST_DATA'] ?? join(import.meta.dirname, '../../../../../shared/data')), 'channels')

type Section = Readonly<Record<string, { readonly name: string; readonly size?: number }>>

function readSections(folder: string, subdir: string): readonly (readonly [string, { readonly name: string; readonly size?: number }])[] {
  const document = JSON.parse(readFileSync(join(CHANNELS, folder, subdir, 'repodata.json'), 'utf8')) as { packages?: Section; 'packages.conda'?: Section; v3?: Readonly<Record<string, Section>> }
  const added = Object.entries(document.v3 ?? {}).flatMap(([ending, section]) => Object.entries(section).map(([key, record]) => [`${key}.${ending}`, record] as const))
  // Some of them list what no artifact may be called.
  return [...Object.entries(document.packages ?? {}), ...Object.entries(document['packages.conda'] ?? {}), ...added].filter(([key]) => /^[\w.+!-]+\.(?:conda|tar\.bz2|whl)$/.test(key))
}

describe('channels as they are in the world', () => {
  test.skipIf(!existsSync(CHANNELS))('every channel has its pages, and they tell what its indexes say', async ({ expect }) => {
    const events: ServerEvent[] = []
    const server = await startServer({ mirrorDir: CHANNELS, port: 0, host: '127.0.0.1', observe: (event) => events.push(event) })
    const ask = async (path: string): Promise<string> => {
      for (;;) {
        const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, { headers: { accept: 'text/html' } })
        const text = await answer.text()
        if (answer.status === 200 && !text.includes('http-equiv="refresh"')) return text
        if (answer.status !== 503 && answer.status !== 200) throw new Error(`${answer.status} for ${path}`)
      }
    }
    const open = async (path: string): Promise<ReadPage> => {
      const page = readPage(await ask(path))
      expect(findFaults(page), path).toEqual([])
      return page
    }
    const { channels } = JSON.parse(await ask('/-/api/channels')) as { channels: readonly { channel: string; subdirs: readonly string[] }[] }
    expect(channels.length).toBeGreaterThan(10)
    let compared = 0
    for (const { channel, subdirs } of channels) {
      const { text } = await open(`/${channel}/`)
      for (const path of ['-/search?q=', '-/disk-use']) await open(`/${channel}/${path}`)
      for (const subdir of subdirs.filter((one) => existsSync(join(CHANNELS, channel, one, 'repodata.json')) && !text.includes(`The index of ${one} cannot be read`))) {
        const page = await open(`/${channel}/${subdir}/`)
        const records = readSections(channel, subdir)
        const names = new Set(records.map(([, { name }]) => name))
        expect(page.text, `${channel}/${subdir}`).toMatch(new RegExp(`Packages${names.size.toLocaleString('en')}Artifacts`))
        compared += records.length
        const [file, record] = records[Math.floor(records.length / 2)] ?? []
        if (file === undefined) continue
        const told = JSON.parse(await ask(`/-/api/artifact/${subdir}/${encodeURIComponent(file)}/${channel}`)) as { record: unknown }
        expect(told.record, file).toEqual(record)
        await open(`/${channel}/-/package/${encodeURIComponent(record?.name ?? '')}`)
      }
    }
    expect(compared).toBeGreaterThan(1000)
    expect(events.filter(({ type }) => type === 'request-failed')).toEqual([])
    await server.close(0)
  })
})
