import { watchFs } from './watched-fs.mjs'

/** Thrown where a process would be dead. */
export class Dead extends Error {
  name = 'Dead'
}

/**
 * Breaks one change of a disk, counted from 1: `{ type: 'dead' | 'killed', at, when: 'before' | 'after' }` (nothing changes any more; SIGKILL), `{ type: 'error', at, code }` (that change fails, once), `{ type: 'short', take }` (a write
 * takes so many bytes), `{ type: 'none' }`, `{ type: 'traced' }` (nothing is broken, and `sites` tells from where in our code each change comes). `syncs`: they are carried out, though a process that dies does not need them. Answers hooks for `watchFs`, how many changes there were, and which.
 */
export const createBreak = (broken, { syncs = false } = {}) => {
  const operations = []
  const sites = []
  let isDead = false
  let count = 0
  const die = () => {
    isDead = true
    throw new Dead('dead')
  }
  const reach = (when, number) => {
    if (broken.at !== number || broken.when !== when) return
    if (broken.type === 'killed') process.kill(process.pid, 'SIGKILL')
    if (broken.type === 'dead') die()
  }
  const enter = ({ type, path }) => {
    if (isDead) throw new Dead('dead')
    count += 1
    if (broken.type === 'traced') sites.push(`${type} ${callerOf(new Error().stack)}`)
    reach('before', count)
    if (broken.type === 'error' && broken.at === count) throw Object.assign(new Error(`${broken.code}: injected, ${type} '${path}'`), { code: broken.code, syscall: type })
    return count
  }
  const leave = (number, operation) => {
    operations.push(operation)
    reach('after', number)
  }
  return {
    operations,
    sites,
    count: () => count,
    around(operation, run) {
      const number = enter(operation)
      const isSync = operation.type === 'sync' || operation.type === 'syncDirectory'
      const isShort = broken.type === 'short' && operation.type === 'write'
      const result = isSync && !syncs ? undefined : isShort ? run(Math.max(1, Math.min(operation.bytes.length, broken.take(operation.bytes.length)))) : run()
      leave(number, operation.type === 'write' ? { ...operation, bytes: operation.bytes.subarray(0, result) } : operation)
      return result
    },
    async aroundLater(operation, run) {
      const number = enter(operation)
      if (syncs) await run()
      leave(number, operation)
    },
  }
}

/** The lines of a stack that are in our packages. */
const callerOf = (stack) => stack.split('\n').filter((line) => /\/(?:packages|apps)\//.test(line)).map((line) => line.replace(/.*\/(?=[^/]+:\d+:\d+)/, '')).join(' ')

/** Runs something that is broken off below a folder: what it answered, or the error that it ended with, and what it changed. */
export const runBroken = async (folder, broken, run) => {
  const hooks = createBreak(broken)
  const end = watchFs(folder, hooks)
  try {
    return { answer: await run(), count: hooks.count(), operations: hooks.operations, sites: hooks.sites }
  } catch (error) {
    return { error, count: hooks.count(), operations: hooks.operations }
  } finally {
    end()
  }
}
