import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe } from 'vitest'
import { createDraft, removeAbandonedDrafts } from '../src/files/write-file.ts'
import { openDeltaRecorder } from '../src/index.ts'
import { test } from './test.ts'

describe('createDraft()', () => {
  test('names what the disk does not take, and leaves no draft', ({ folder, expect }) => {
    expect(() => createDraft(join(folder, 'nowhere/x.tar'))).toThrow(expect.objectContaining({ code: 'FILE_NOT_WRITTEN', message: expect.stringMatching(/^Cannot write \S+x\.tar: ENOENT/), hint: expect.stringContaining('Check the disk') }))
    mkdirSync(join(folder, 'x.tar'))
    const draft = createDraft(join(folder, 'x.tar'))
    draft.write(Buffer.from('bytes'))
    expect(() => draft.publish()).toThrow(expect.objectContaining({ code: 'FILE_NOT_WRITTEN' }))
    draft.discard()
    expect(readdirSync(folder)).not.toContainEqual(expect.stringContaining('.part'))
  })
})

describe('removeAbandonedDrafts()', () => {
  test('removes what a run left that was killed more than a day ago, and nothing else', ({ folder, expect }) => {
    const [old, young, other] = ['.x.tar.0123456789ab.part', '.x.tar.ba9876543210.part', '.y.tar.0123456789ab.part']
    const names = [old, young, other, '.x.tar.notes.part', 'x.tar']
    const before = new Date(Date.now() - 2 * 86_400_000)
    for (const name of names) {
      writeFileSync(join(folder, name), '')
      if (name !== young) utimesSync(join(folder, name), before, before)
    }
    removeAbandonedDrafts(join(folder, 'x.tar'))
    expect(readdirSync(folder).filter((name) => names.includes(name)).toSorted()).toEqual(names.filter((name) => name !== old).toSorted())
    removeAbandonedDrafts(join(folder, 'nowhere/x.tar'))
  })
})

describe('openDeltaRecorder()', () => {
  test('names what the disk does not take', ({ folder, expect }) => {
    mkdirSync(join(folder, 'pkgs/.conda-delta/manifest.json/x'), { recursive: true })
    expect(() => openDeltaRecorder(join(folder, 'pkgs'))).toThrow(expect.objectContaining({ code: 'FILE_NOT_WRITTEN' }))
  })
})
