import fs from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { describe, test as base } from 'vitest'
import { createDiskIo } from '../src/index.ts'
import { openLock } from '../src/lock.ts'

const test = base.extend<{ path: string }>({
  // oxlint-disable-next-line no-empty-pattern
  path: async ({}, use) => {
    const folder = fs.mkdtempSync(join(os.tmpdir(), 'store-lock-'))
    await use(join(folder, 'lock.db'))
    fs.rmSync(folder, { recursive: true })
  },
})

const io = createDiskIo()

describe('openLock()', () => {
  // The first of this file: SQLite is loaded once.
  test('lets warnings through while it loads SQLite, but for that one', ({ expect, path }) => {
    // oxlint-disable-next-line typescript/unbound-method -- both are put back as they were
    const { emitWarning, getBuiltinModule } = process
    const seen: unknown[] = []
    const listen = (warning: string | Error): void => { seen.push(warning) }
    process.emitWarning = listen
    process.getBuiltinModule = (id: string) => {
      process.emitWarning('SQLite is an experimental feature and might change at any time')
      process.emitWarning('something else')
      return Reflect.apply(getBuiltinModule, process, [id])
    }
    try {
      openLock(io, path, 0o644)?.release()
      expect(Reflect.get(process, 'emitWarning')).toBe(listen)
    } finally {
      Object.assign(process, { emitWarning, getBuiltinModule })
    }
    expect(seen).toEqual(['something else'])
  })

  test('is held by one, and free after it was released, however often', ({ expect, path }) => {
    const lock = openLock(io, path, 0o644)
    expect(lock).toBeDefined()
    expect(openLock(io, path, 0o644)).toBeUndefined()
    lock?.assertHeld()
    lock?.release()
    lock?.release()
    const next = openLock(io, path, 0o644)
    expect(next).toBeDefined()
    next?.release()
  })

  test('says what to do with a lock file that is damaged', ({ expect, path }) => {
    fs.writeFileSync(path, 'this is no lock file, and long enough to be looked at as one'.repeat(100))
    expect(() => openLock(io, path, 0o644)).toThrow(expect.objectContaining({ code: 'STORE_NO_LOCKS', message: 'Cannot lock the store: file is not a database', hint: expect.stringContaining('delete it') }))
  })

  test('takes a lock file that another run made in the same moment, and no other failure', ({ expect, path }) => {
    const lock = openLock({ ...io, create: (name, mode) => {
      fs.writeFileSync(name, '')
      return io.create(name, mode)
    } }, path, 0o644)
    expect(lock).toBeDefined()
    lock?.release()
    const failing = { ...io, create: (): number => { throw Object.assign(new Error('EACCES: injected'), { code: 'EACCES', syscall: 'open' }) } }
    expect(() => openLock(failing, `${path}-other`, 0o644)).toThrow('EACCES')
  })

  test.for(['gone', 'another one', 'a folder'])('notices that the lock file is %s', (now, { expect, path }) => {
    const lock = openLock(io, path, 0o644)
    fs.rmSync(path)
    if (now === 'another one') fs.writeFileSync(path, '')
    if (now === 'a folder') fs.mkdirSync(path)
    expect(() => lock?.assertHeld()).toThrow(expect.objectContaining({ code: 'STORE_NO_LOCKS', message: expect.stringContaining('replaced') }))
    lock?.release()
    expect(() => lock?.assertHeld()).toThrow(expect.objectContaining({ code: 'STORE_NO_LOCKS' }))
  })
})
