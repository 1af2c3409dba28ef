import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base } from 'vitest'

const bin = join(import.meta.dirname, '..', '..', 'apps', 'cli', 'bin')

const test = base.extend<{ folder: string }>({
  folder: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'launcher-'))
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    cpSync(bin, join(folder, 'bin'), { recursive: true })
    await use(folder)
    rmSync(folder, { recursive: true, force: true })
  },
})

const start = (folder: string, ...options: string[]) => spawnSync(process.execPath, [...options, join(folder, 'bin', 'mirror.js'), 'an argument'], { encoding: 'utf8' })

test('a command says which Node it needs when it is started by an older one', ({ folder, expect }) => {
  writeFileSync(join(folder, 'old.mjs'), "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } })\n")
  const { status, stdout, stderr } = start(folder, '--import', join(folder, 'old.mjs'))
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toMatch(/^Cannot start mirror: it needs Node 24 or later, this is v.*\nInstall a newer Node/)
})

test('a command that is not built says how to build it', ({ folder, expect }) => {
  const { status, stderr } = start(folder)
  expect({ status, stderr }).toEqual({ status: 1, stderr: 'Cannot start mirror: it is not built yet.\nRun `npm run setup` in the repository.\n' })
})

test('a command passes its arguments on and keeps the exit code of the bundle', ({ folder, expect }) => {
  mkdirSync(join(folder, 'dist', 'bin'), { recursive: true })
  writeFileSync(join(folder, 'dist', 'bin', 'mirror.js'), "process.stdout.write(process.argv.slice(2).join('|'))\nprocess.exitCode = 4\n")
  expect(start(folder)).toMatchObject({ status: 4, stdout: 'an argument' })
})
