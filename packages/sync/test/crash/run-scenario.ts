// Runs one scenario: node run-scenario.ts <folder> <name> <mirror>. Prints how many changes of each kind it asked the disk for.
import process from 'node:process'
import { createDiskIo, type DiskIo } from '@mirror/store'
import { openMirror } from './keeping-scenarios.ts'
import { readScenario } from './sync-scenarios.ts'

const [folder = '', name = '', mirror = ''] = process.argv.slice(2)
const counts = new Map<string, number>()
const real = createDiskIo()
const counted = <Arguments extends readonly unknown[], Result>(kind: string, operation: (...given: Arguments) => Result) => (...given: Arguments): Result => {
  counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return operation(...given)
}
const io: DiskIo = {
  mkdir: counted('mkdir', real.mkdir), create: counted('create', real.create), append: counted('append', real.append), write: counted('write', real.write), truncate: counted('ftruncate', real.truncate),
  sync: counted('fdatasync', real.sync), syncDirectory: counted('fsync', real.syncDirectory), link: counted('link', real.link), rename: counted('rename', real.rename), unlink: counted('unlink', real.unlink),
  removeDirectory: counted('rmdir', real.removeDirectory), close: real.close,
}
await (await readScenario(folder, name)).run(openMirror(mirror, io), mirror)
process.stdout.write(`${JSON.stringify(Object.fromEntries(counts))}\n`)
