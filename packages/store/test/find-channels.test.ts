import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { findChannels, listSubdirs } from '../src/index.ts'
import { test } from './support/root-folder.ts'

function write(root: string, ...paths: readonly string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), '{}')
  }
}

test('findChannels() finds stores and trees of others, nested ones too, in order', ({ expect, root }) => {
  write(root, 'b/noarch/repodata.json', 'b/label/x/linux-64/repodata.json.zst', 'a/.mirror/format.json', 'c/.mirror/head', 'c/osx-64/repodata_shards.msgpack.zst', 'd/win-64/repodata.json.bz2', 'e/noarch/readme.txt')
  expect(findChannels(root)).toEqual([
    { folder: 'a', root: join(root, 'a'), isStore: true, subdirs: [] },
    { folder: 'b', root: join(root, 'b'), isStore: false, subdirs: ['noarch'] },
    { folder: 'b/label/x', root: join(root, 'b/label/x'), isStore: false, subdirs: ['linux-64'] },
    { folder: 'c', root: join(root, 'c'), isStore: true, subdirs: ['osx-64'] },
    { folder: 'd', root: join(root, 'd'), isStore: false, subdirs: ['win-64'] },
  ])
})

test('findChannels() finds the folder itself', ({ expect, root }) => {
  write(root, 'linux-64/repodata.json', 'noarch/repodata.json')
  expect(findChannels(root)).toEqual([{ folder: '', root, isStore: false, subdirs: ['linux-64', 'noarch'] }])
  expect(listSubdirs(root)).toEqual(['linux-64', 'noarch'])
})

test('findChannels() enters no subdirs, dot-folders, links, and nothing deeper than channels nest', ({ expect, root }) => {
  write(root, 'x/noarch/nested/linux-64/repodata.json', '.git/y/noarch/repodata.json', '1/2/3/4/5/6/7/noarch/repodata.json', '1/2/3/4/5/6/noarch/repodata.json')
  symlinkSync(join(root, '1'), join(root, 'link'))
  expect(findChannels(root).map(({ folder }) => folder)).toEqual(['1/2/3/4/5/6'])
})

test('findChannels() and listSubdirs() find nothing in a folder that is not there', ({ expect, root }) => {
  expect(findChannels(join(root, 'gone'))).toEqual([])
  expect(listSubdirs(join(root, 'gone'))).toEqual([])
})
