import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test as base } from 'vitest'
import { createReferences, type References } from '../../src/take-away/references.ts'
import { formatTakeAwayName, parseTakeAwayName, readBase } from '../../src/take-away/take-away-name.ts'

const test = base.extend<{ folder: string }>({
  folder: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'references-'))
    await use(folder)
    rmSync(folder, { recursive: true, force: true })
  },
})

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}

async function* breaking(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('x')
  throw new Error('the client went')
}

const never = (): AbortSignal => new AbortController().signal
const filesIn = (folder: string): readonly string[] => readdirSync(folder).flatMap((place) => readdirSync(join(folder, place)))

async function keep(references: References): Promise<string> {
  const kept = await references.receive(pieces('a', 'b'), never())
  if (kept.status !== 'kept') throw new Error(kept.status)
  return kept.id
}

test('references are kept for an hour, and found by every server of the same user', async ({ expect, folder }) => {
  const now = { time: Date.now() }
  const references = createReferences({ folder, largest: 10, clock: () => now.time })
  const id = await keep(references)
  expect(id).toMatch(/^[\w-]{22}$/)
  const path = await createReferences({ folder, largest: 10, clock: () => now.time }).find(id)
  expect(path?.endsWith(id)).toBe(true)
  expect(await references.find('A'.repeat(22))).toBeUndefined()
  now.time += 3_700_000
  expect(await references.find(id)).toBeUndefined()
  utimesSync(path ?? '', new Date(0), new Date(0))
  await keep(references)
  expect(filesIn(folder)).toHaveLength(1)
})

test('nothing is left of what is too large or breaks off, and no more than sixteen are kept', async ({ expect, folder }) => {
  const references = createReferences({ folder, largest: 10, clock: Date.now })
  expect(await references.receive(pieces('12345', '67890', '!'), never())).toEqual({ status: 'too-large' })
  await expect(references.receive(breaking(), never())).rejects.toThrow('the client went')
  expect(filesIn(folder)).toEqual([])
  for (let count = 0; count < 16; count += 1) await keep(references)
  expect(await references.receive(pieces('x'), never())).toEqual({ status: 'full' })
})

test('a folder that others may look into takes none', async ({ expect, folder }) => {
  const references = createReferences({ folder, largest: 10, clock: Date.now })
  await keep(references)
  const [place = ''] = readdirSync(folder)
  chmodSync(join(folder, place), 0o755)
  expect(await references.receive(pieces('x'), never())).toEqual({ status: 'full' })
  rmSync(join(folder, place), { recursive: true })
  mkdirSync(join(folder, 'read-only'))
  expect(await createReferences({ folder: join(folder, 'none/such\0'), largest: 10, clock: Date.now }).receive(pieces('x'), never())).toEqual({ status: 'full' })
})

test('names of files to take away are read back, and nothing else is one', ({ expect }) => {
  const id = 'AbC-_'.repeat(4).padEnd(22, 'x')
  for (const name of [{ base: { kind: 'nothing' }, target: 7 }, { base: { kind: 'generation', number: 3 }, target: 7 }, { base: { kind: 'reference', id }, target: 1_000_000 }] as const) expect(parseTakeAwayName(formatTakeAwayName(name))).toEqual(name)
  for (const name of ['', 'all-to-0.tar', 'all-to-07.tar', 'since--1-to-2.tar', 'since-1-to-2.tar.gz', 'reference-short-to-1.tar', 'all-to-99999999999.tar', 'ALL-to-1.tar', 'all-to-1.tar\n']) expect(parseTakeAwayName(name), name).toBeUndefined()
  const read = (query: string): unknown => readBase(new URLSearchParams(query))
  expect([read('since=nothing'), read('since=3'), read(`reference=${id}`), read(''), read('since=0'), read('since=x'), read('reference=../x'), read('reference=&since=3')])
    .toEqual([{ kind: 'nothing' }, { kind: 'generation', number: 3 }, { kind: 'reference', id }, undefined, undefined, undefined, undefined, undefined])
})

// Only root may become another user: skipped for everyone else.
test.skipIf(process.getuid?.() !== 0)('a user that nothing knows by name keeps references, as the one of a container', ({ expect, folder }) => {
  chmodSync(folder, 0o777)
  const source = pathToFileURL(join(import.meta.dirname, '../../src/take-away/references.ts')).href
  const script = `
    import { createReferences } from ${JSON.stringify(source)}
    process.setuid(54321)
    const { status } = await createReferences({ folder: ${JSON.stringify(folder)}, largest: 10, clock: Date.now }).receive((async function* () { yield Buffer.from('a') })(), new AbortController().signal)
    process.stdout.write(status)
  `
  const { stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], { encoding: 'utf8' })
  expect({ stdout, stderr }).toEqual({ stdout: 'kept', stderr: '' })
})
