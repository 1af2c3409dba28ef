import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const { O_APPEND, O_CREAT, O_RDWR, O_TRUNC, O_WRONLY } = fs.constants
const WRITABLE = O_WRONLY | O_RDWR | O_APPEND | O_CREAT | O_TRUNC
/** What could change a disk too, and is used by nothing that is watched: a call is a fault of the watching. */
const UNWATCHED = [
  'appendFile', 'copyFile', 'cp', 'createWriteStream', 'mkdtempDisposable', 'symlink', 'truncate', 'write', 'writev', 'ftruncate', 'link', 'mkdir', 'mkdtemp', 'rename', 'rm', 'rmdir', 'unlink', 'writeFile',
]
const UNWATCHED_SYNC = ['appendFileSync', 'copyFileSync', 'cpSync', 'mkdtempSync', 'symlinkSync', 'truncateSync', 'writevSync', 'writeFileSync']
const UNWATCHED_PROMISES = ['appendFile', 'copyFile', 'cp', 'link', 'mkdtemp', 'rename', 'rm', 'rmdir', 'symlink', 'truncate', 'unlink', 'writeFile']

const isWritable = (flags) => (typeof flags === 'number' ? (flags & WRITABLE) !== 0 : flags !== undefined && flags !== 'r' && flags !== 'rs')
const textOf = (path) => (path instanceof URL ? fileURLToPath(path) : typeof path === 'string' ? path : String(path))

/**
 * Watches every change that this process makes below a folder, whoever makes it: each one is told as `{ type, path, from?, bytes?, length? }`, paths relative to the folder, to `around(operation, run)`, which
 * carries it out or does not. `aroundLater` is the same for what is waited for. What takes several changes (a folder with those above it, a tree that is removed) is told one by one. Answers what ends the watching.
 */
export const watchFs = (folder, { around, aroundLater }) => {
  const real = { ...fs }
  const realPromises = { ...fs.promises }
  const inside = (path) => {
    const found = relative(folder, resolve(textOf(path)))
    return found.startsWith('..') ? undefined : found
  }
  const insideFd = (fd) => {
    try {
      return inside(real.readlinkSync(`/proc/self/fd/${fd}`))
    } catch {
      return undefined
    }
  }
  const lstat = (path) => real.lstatSync(path, { throwIfNoEntry: false })
  const one = (type, run) => (path, ...rest) => {
    const own = inside(path)
    return own === undefined ? run(path, ...rest) : around({ type, path: own }, () => run(path, ...rest))
  }
  const two = (type, run) => (from, to) => {
    const own = inside(to) ?? inside(from)
    return own === undefined ? run(from, to) : around({ type, path: inside(to) ?? textOf(to), from: inside(from) ?? textOf(from) }, () => run(from, to))
  }
  const ofFile = (type, run) => (fd, ...rest) => {
    const own = insideFd(fd)
    return own === undefined ? run(fd, ...rest) : around({ type, path: own, ...(type === 'truncate' ? { length: rest[0] ?? 0 } : {}) }, () => run(fd, ...rest))
  }

  const mkdir = (path, options) => {
    const own = inside(path)
    const isRecursive = typeof options === 'object' && options?.recursive === true
    if (own === undefined) return real.mkdirSync(path, options)
    if (!isRecursive) return around({ type: 'mkdir', path: own }, () => real.mkdirSync(path, options))
    const missing = []
    for (let at = resolve(textOf(path)); lstat(at) === undefined; at = dirname(at)) missing.unshift(at)
    for (const at of missing) around({ type: 'mkdir', path: inside(at) ?? at }, () => real.mkdirSync(at, { ...options, recursive: false }))
    return missing[0]
  }
  const remove = (path, { force = false, recursive = false } = {}) => {
    const own = inside(path)
    if (own === undefined) return real.rmSync(path, { force, recursive })
    const stats = lstat(path)
    if (stats === undefined && force) return undefined
    if (!stats?.isDirectory()) return around({ type: 'unlink', path: own }, () => real.unlinkSync(path))
    if (!recursive) return real.rmSync(path)
    for (const name of real.readdirSync(path)) remove(join(textOf(path), name), { force, recursive })
    return around({ type: 'removeDirectory', path: own }, () => real.rmdirSync(path))
  }
  const open = (path, flags, mode) => {
    const own = inside(path)
    if (own === undefined || !isWritable(flags)) return real.openSync(path, flags, mode)
    return around({ type: lstat(path) === undefined ? 'create' : 'append', path: own }, () => real.openSync(path, flags, mode))
  }
  const write = (fd, bytes, ...rest) => {
    const own = insideFd(fd)
    if (own === undefined) return real.writeSync(fd, bytes, ...rest)
    const [start = 0, length = bytes.length - start, ...where] = rest
    return around({ type: 'write', path: own, bytes: Buffer.from(bytes.subarray(start, start + length)) }, (take = length) => real.writeSync(fd, bytes, start, take, ...where))
  }
  const syncLater = (run) => (fd, callback) => {
    const own = insideFd(fd)
    if (own === undefined) return run(fd, callback)
    aroundLater({ type: 'sync', path: own }, () => new Promise((done, failed) => { run(fd, (error) => (error === null ? done() : failed(error))) })).then(() => callback(null), (error) => callback(error))
    return undefined
  }
  const openLater = async (path, flags, mode) => {
    const own = inside(path)
    if (own !== undefined && isWritable(flags)) throw new TypeError(`fs.promises.open of ${own} for writing is not watched`)
    const handle = await realPromises.open(path, flags, mode)
    if (own === undefined || !lstat(path)?.isDirectory()) return handle
    const sync = handle.sync.bind(handle)
    handle.sync = () => aroundLater({ type: 'syncDirectory', path: own }, sync)
    return handle
  }
  /** fsync of a folder makes names durable, of a file its bytes. */
  const syncAny = (fd) => {
    const own = insideFd(fd)
    if (own === undefined) return real.fsyncSync(fd)
    return around({ type: real.fstatSync(fd).isDirectory() ? 'syncDirectory' : 'sync', path: own }, () => real.fsyncSync(fd))
  }
  const refuse = (name, run) => (...given) => {
    const found = given.slice(0, 2).filter((value) => typeof value === 'string' || value instanceof URL).find((path) => inside(path) !== undefined)
    if (found !== undefined) throw new TypeError(`fs.${name} of ${textOf(found)} is not watched`)
    return run(...given)
  }
  const openForReading = (path, flags, ...rest) => (typeof flags !== 'function' && isWritable(flags) ? refuse('open', real.open) : real.open)(path, flags, ...rest)

  const patched = {
    ...Object.fromEntries([...UNWATCHED, ...UNWATCHED_SYNC].filter((name) => typeof real[name] === 'function').map((name) => [name, refuse(name, real[name])])),
    open: openForReading, mkdirSync: mkdir, openSync: open, writeSync: write, rmSync: remove, unlinkSync: one('unlink', real.unlinkSync), rmdirSync: one('removeDirectory', real.rmdirSync), linkSync: two('link', real.linkSync),
    renameSync: two('rename', real.renameSync), ftruncateSync: ofFile('truncate', real.ftruncateSync), fdatasyncSync: ofFile('sync', real.fdatasyncSync), fsyncSync: syncAny,
    fdatasync: syncLater(real.fdatasync), fsync: syncLater(real.fsync),
  }
  const patchedPromises = {
    ...Object.fromEntries(UNWATCHED_PROMISES.map((name) => [name, refuse(`promises.${name}`, realPromises[name])])), open: openLater, mkdir: async (path, options) => mkdir(path, options),
  }
  const put = (functions, promised) => {
    Object.assign(fs, functions)
    Object.assign(fs.promises, promised)
    syncBuiltinESMExports()
  }
  put(patched, patchedPromises)
  const only = (all, chosen) => Object.fromEntries(Object.keys(chosen).map((name) => [name, all[name]]))
  return () => put(only(real, patched), only(realPromises, patchedPromises))
}
