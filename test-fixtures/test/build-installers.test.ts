import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base } from 'vitest'
import { buildInstallers, createSampleInstallers, serveChannel } from '../src/index.ts'

const test = base.extend<{ folder: string }>({
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'installers-'))
    await use(folder)
    await rm(folder, { recursive: true })
  },
})

test('buildInstallers() writes installers and the page that lists them', async ({ expect, folder }) => {
  const built = await buildInstallers({ archive: [{ name: 'Anaconda3-2024.10-1-Linux-x86_64.sh' }, { name: 'Anaconda-1.4-Linux-x86.sh', checksum: 'md5', size: 3_000_000 }] }, folder)
  const page = await readFile(join(folder, 'archive/index.html'), 'utf8')
  expect(built.map(({ path, bytes }) => [path, bytes.length])).toEqual([['archive/Anaconda3-2024.10-1-Linux-x86_64.sh', 2000], ['archive/Anaconda-1.4-Linux-x86.sh', 3_000_000]])
  for (const { path, bytes } of built) expect(await readFile(join(folder, path))).toEqual(bytes)
  expect(page).toContain(`<td><a href="Anaconda3-2024.10-1-Linux-x86_64.sh">Anaconda3-2024.10-1-Linux-x86_64.sh</a></td>
      <td class="s">2.0K</td>
      <td>2024-10-31 16:01:25</td>
      <td>${built[0]?.sha256}</td>`)
  expect(page).toContain(`<td class="s">2.9M</td>
      <td>2024-10-31 16:01:25</td>
      <td>${built[1]?.md5}</td>`)
})

test('serveChannel() answers a folder with its page', async ({ expect, folder }) => {
  await buildInstallers(createSampleInstallers(), folder)
  await using server = await serveChannel(folder)
  const answer = await fetch(`${server.url}miniconda/`)
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
  expect(await answer.text()).toContain('Miniconda3-latest-Linux-x86_64.sh')
  expect((await fetch(`${server.url}nothing/`)).status).toBe(404)
})
