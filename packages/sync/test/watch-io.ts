import { createDiskIo, type DiskIo } from '@mirror/store'

/** An io that does something before each change, `close` left out. */
export function watchIo(beforeEach: () => void): DiskIo {
  const io = createDiskIo()
  const watched = <Arguments extends readonly unknown[], Result>(operation: (...given: Arguments) => Result) => (...given: Arguments): Result => {
    beforeEach()
    return operation(...given)
  }
  return {
    mkdir: watched(io.mkdir), create: watched(io.create), append: watched(io.append), write: watched(io.write), truncate: watched(io.truncate), sync: watched(io.sync),
    syncDirectory: watched(io.syncDirectory), link: watched(io.link), rename: watched(io.rename), unlink: watched(io.unlink), removeDirectory: watched(io.removeDirectory),
    close: io.close,
  }
}
