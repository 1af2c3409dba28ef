import { createDiskIo, type DiskIo } from '../../src/index.ts'

/** What happens at one operation. */
export type Fault =
  | { readonly type: 'none' }
  /** The process is as good as dead from there on: nothing is written any more. */
  | { readonly type: 'crash'; readonly at: number; readonly when: 'before' | 'after' }
  /** The operation fails with this code, once. */
  | { readonly type: 'error'; readonly at: number; readonly code: string }
  /** Every write takes at most so many bytes. */
  | { readonly type: 'short'; readonly bytes: number }

export class Crash extends Error {
  override readonly name = 'Crash'
}

export interface FaultyIo extends DiskIo {
  /** Operations so far, as `<name> <path>`. */
  readonly operations: readonly string[]
}

export interface FaultyIoOptions {
  readonly fault?: Fault
  /** Real syncs cost time, and a process that dies does not need them. Default false. */
  readonly durable?: boolean
  /** Instead of throwing at a crash. */
  readonly die?: () => void
}

/** Counts every operation that changes something, and fails as it is told to. */
export function createFaultyIo({ fault = { type: 'none' }, durable = false, die }: FaultyIoOptions = {}): FaultyIo {
  const real = createDiskIo()
  const operations: string[] = []
  let dead = false

  function crash(): never {
    dead = true
    die?.()
    throw new Crash('crash')
  }

  function assertAlive(name: string, path: string | number): number {
    if (dead) throw new Crash('already dead')
    const number = operations.length
    operations.push(`${name} ${path}`)
    if (fault.type === 'crash' && fault.at === number && fault.when === 'before') crash()
    if (fault.type === 'error' && fault.at === number) throw Object.assign(new Error(`${fault.code}: injected, ${name}`), { code: fault.code, syscall: name })
    return number
  }

  function afterwards(number: number): void {
    if (fault.type === 'crash' && fault.at === number && fault.when === 'after') crash()
  }

  function counted<T>(name: string, path: string | number, run: () => T): T {
    const number = assertAlive(name, path)
    const result = run()
    afterwards(number)
    return result
  }

  async function countedLater(name: string, path: string | number, run: () => Promise<void>): Promise<void> {
    const number = assertAlive(name, path)
    if (durable) await run()
    afterwards(number)
  }

  return {
    operations,
    mkdir: (path, mode) => counted('mkdir', path, () => real.mkdir(path, mode)),
    create: (path, mode) => counted('create', path, () => real.create(path, mode)),
    append: (path) => counted('append', path, () => real.append(path)),
    write: (fd, bytes) => counted('write', fd, () => real.write(fd, fault.type === 'short' ? bytes.subarray(0, fault.bytes) : bytes)),
    truncate: (fd, length) => counted('truncate', fd, () => real.truncate(fd, length)),
    sync: (fd) => countedLater('sync', fd, () => real.sync(fd)),
    syncDirectory: (path) => countedLater('syncDirectory', path, () => real.syncDirectory(path)),
    link: (from, to) => counted('link', to, () => real.link(from, to)),
    rename: (from, to) => counted('rename', to, () => real.rename(from, to)),
    unlink: (path) => counted('unlink', path, () => real.unlink(path)),
    removeDirectory: (path) => counted('removeDirectory', path, () => real.removeDirectory(path)),
    close: (fd) => real.close(fd),
  }
}
