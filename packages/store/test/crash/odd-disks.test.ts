import fs from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { createDiskIo, createDiskStore, type DiskIo } from '../../src/index.ts'
import { checkInvariant } from '../support/invariant.ts'
import { CLOCK, openReference, runReference } from '../support/reference.ts'
import { createSweep, type Sweep } from '../support/sweep.ts'

function failing(code: string): DiskIo {
  return { ...createDiskIo(), link: (_, to) => { throw Object.assign(new Error(`${code}: injected, link ${to}`), { code, syscall: 'link' }) } }
}

/** A mirror whose process died just after its point of no return, and before it published anything. */
async function breakAfterJournal(sweep: Sweep): Promise<string> {
  for (let at = 0; ; at += 1) {
    const root = sweep.freshRoot()
    await sweep.runFaulted(root, { type: 'crash', at, when: 'after' })
    const folder = join(root, '.mirror/journal')
    if (fs.existsSync(folder) && fs.readdirSync(folder).length > 0) return root
    fs.rmSync(root, { recursive: true })
  }
}

/** The staged bytes of the indexes that its journal is about to publish. */
function stagedIndexes(root: string): readonly string[] {
  const [line = ''] = fs.readFileSync(join(root, '.mirror/journal/2.json'), 'utf8').split('\n')
  const journal = JSON.parse(line) as { readonly target: readonly { readonly files: readonly { readonly staged: string }[] }[] }
  return journal.target.flatMap(({ files }) => files.map(({ staged }) => join(root, '.mirror/staging', staged))).filter((path) => fs.existsSync(path))
}

describe('a file system without hard links', () => {
  test.for(['EPERM', 'ENOTSUP', 'EMLINK'])('%s: bytes are moved and copied instead, and everything ends as it should', async (code, { expect }) => {
    using sweep = await createSweep()
    const root = sweep.freshRoot()
    await runReference(createDiskStore({ root, clock: CLOCK, io: failing(code) }))
    expect(checkInvariant(root)).toEqual([])
    expect(await sweep.checkAfter(root)).toEqual([])
  })

  test('a link that fails for another reason is an error with a name, and the next run completes', async ({ expect }) => {
    using sweep = await createSweep()
    const root = sweep.freshRoot()
    await expect(runReference(createDiskStore({ root, clock: CLOCK, io: failing('EIO') }))).rejects.toMatchObject({ code: 'STORE_WRITE_FAILED' })
    expect(checkInvariant(root)).toEqual([])
    expect(await sweep.checkAfter(root)).toEqual([])
  })
})

describe('a commit that is rolled forward', () => {
  test('takes an index whose staged bytes are gone from the copy that is kept', async ({ expect }) => {
    using sweep = await createSweep()
    const root = await breakAfterJournal(sweep)
    const staged = stagedIndexes(root)
    expect(staged.length).toBeGreaterThan(4)
    for (const path of staged) fs.rmSync(path)
    await runReference(openReference(root))
    expect(checkInvariant(root)).toEqual([])
    expect((await openReference(root).publicState()).status).toBe('as-published')
  })

  test('says so when neither is there, and publishes nothing instead', async ({ expect }) => {
    using sweep = await createSweep()
    const root = await breakAfterJournal(sweep)
    for (const folder of ['staging', 'documents']) for (const name of fs.readdirSync(join(root, '.mirror', folder))) fs.rmSync(join(root, '.mirror', folder, name))
    await expect(runReference(openReference(root))).rejects.toMatchObject({ code: 'STORE_DAMAGED', message: /^Cannot complete the last commit: .+ is neither staged nor kept$/ })
    expect(checkInvariant(root)).toEqual([])
  })
})
