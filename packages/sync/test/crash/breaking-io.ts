import { createDiskIo, type DiskIo } from '@mirror/store'

/** Where an io breaks, counted from 1: the process is as good as dead before or after that change, or the change fails with a code, once. */
export type Break =
  | { readonly type: 'none' }
  | { readonly type: 'dead'; readonly at: number; readonly when: 'before' | 'after' }
  | { readonly type: 'killed'; readonly at: number }
  | { readonly type: 'error'; readonly at: number; readonly code: string }

export class Dead extends Error {
  override readonly name = 'Dead'
}

/** A disk that breaks at one change. Syncs are left out but for `killed`, because a process that dies does not need them. */
export function createBreakingIo(broken: Break): { readonly io: DiskIo; readonly count: () => number } {
  const real = createDiskIo()
  let count = 0
  let isDead = false

  function before(name: string): number {
    if (isDead) throw new Dead(name)
    count += 1
    if (broken.type === 'none' || broken.at !== count) return count
    if (broken.type === 'killed') process.kill(process.pid, 'SIGKILL')
    if (broken.type === 'error') throw Object.assign(new Error(`${broken.code}: injected, ${name}`), { code: broken.code, syscall: name })
    if (broken.type === 'dead' && broken.when === 'before') die(name)
    return count
  }

  function after(name: string, number: number): void {
    if (broken.type === 'dead' && broken.when === 'after' && broken.at === number) die(name)
  }

  function die(name: string): never {
    isDead = true
    throw new Dead(name)
  }

  function counted<Arguments extends readonly unknown[], Result>(operation: (...given: Arguments) => Result): (...given: Arguments) => Result {
    return (...given) => {
      const number = before(operation.name)
      const result = operation(...given)
      after(operation.name, number)
      return result
    }
  }

  function countedLater<Argument>(operation: (given: Argument) => Promise<void>): (given: Argument) => Promise<void> {
    return async (given) => {
      const number = before(operation.name)
      if (broken.type === 'killed') await operation(given)
      after(operation.name, number)
    }
  }

  const io: DiskIo = {
    mkdir: counted(real.mkdir), create: counted(real.create), append: counted(real.append), write: counted(real.write), truncate: counted(real.truncate), sync: countedLater(real.sync),
    syncDirectory: countedLater(real.syncDirectory), link: counted(real.link), rename: counted(real.rename), unlink: counted(real.unlink), removeDirectory: counted(real.removeDirectory),
    close: real.close,
  }
  return { io, count: () => count }
}
