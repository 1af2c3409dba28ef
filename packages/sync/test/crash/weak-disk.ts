import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { createDiskIo, type DiskIo } from '@mirror/store'

/** One change of a disk as it was asked for, with paths relative to the recorded folder. */
export type Operation =
  | { readonly type: 'mkdir' | 'create' | 'unlink' | 'removeDirectory' | 'sync' | 'syncDirectory'; readonly path: string }
  | { readonly type: 'write'; readonly path: string; readonly bytes: Buffer }
  | { readonly type: 'truncate'; readonly path: string; readonly length: number }
  | { readonly type: 'link' | 'rename'; readonly path: string; readonly from: string }

/** A real disk that notes every change. A sync is noted when it is done; it need not be carried out. */
export function recordIo(root: string): { readonly io: DiskIo; readonly operations: readonly Operation[] } {
  const real = createDiskIo()
  const operations: Operation[] = []
  const inside = (path: string): string => relative(root, path)
  const pathOf = (fd: number): string => inside(fs.readlinkSync(`/proc/self/fd/${fd}`))
  const noted = <Result>(operation: Operation, run: () => Result): Result => {
    const result = run()
    operations.push(operation)
    return result
  }
  const io: DiskIo = {
    mkdir: (path, mode) => { noted({ type: 'mkdir', path: inside(path) }, () => { real.mkdir(path, mode) }) },
    create: (path, mode) => noted({ type: 'create', path: inside(path) }, () => real.create(path, mode)),
    append: (path) => real.append(path),
    write: (fd, bytes) => {
      const written = real.write(fd, bytes)
      operations.push({ type: 'write', path: pathOf(fd), bytes: Buffer.from(bytes.subarray(0, written)) })
      return written
    },
    truncate: (fd, length) => { noted({ type: 'truncate', path: pathOf(fd), length }, () => { real.truncate(fd, length) }) },
    sync: async (fd) => { operations.push({ type: 'sync', path: pathOf(fd) }) },
    syncDirectory: async (path) => { operations.push({ type: 'syncDirectory', path: inside(path) }) },
    link: (from, to) => { noted({ type: 'link', path: inside(to), from: inside(from) }, () => { real.link(from, to) }) },
    rename: (from, to) => { noted({ type: 'rename', path: inside(to), from: inside(from) }, () => { real.rename(from, to) }) },
    unlink: (path) => { noted({ type: 'unlink', path: inside(path) }, () => { real.unlink(path) }) },
    removeDirectory: (path) => { noted({ type: 'removeDirectory', path: inside(path) }, () => { real.removeDirectory(path) }) },
    close: (fd) => { real.close(fd) },
  }
  return { io, operations }
}

/** A change of one name in one folder: durable from the end of a sync of that folder on, and until then kept or lost by itself. */
interface NameChange {
  readonly at: number
  readonly folder: number
  readonly name: string
  readonly target: number | undefined
  /** The old name of a moved file goes only if the new one is there: a rename never loses the file. */
  readonly needs: NameChange | undefined
  durable: number
}

/** A change of a file's bytes: durable from the end of a sync of that file on; earlier ones are kept before later ones. */
interface DataChange {
  readonly at: number
  readonly apply: (content: Buffer) => Buffer
  durable: number
}

interface Inode {
  readonly isFolder: boolean
  readonly base: Buffer
  readonly changes: DataChange[]
}

/** How unsynced bytes come back. */
const DATA = ['whole', 'lost', 'zeros', 'half'] as const
type DataFate = typeof DATA[number]

/** One legal state after a power cut. */
export interface CrashState {
  readonly name: string
  /** Every folder, and every file with its content. */
  readonly tree: ReadonlyMap<string, Buffer | 'folder'>
  readonly hash: string
}

/**
 * Every state of a disk that a power cut may leave after some of the operations, in a model that is weaker than any journaling file system: what is not synced is kept or lost name by name and file by
 * file, in any order. For each place: all kept, all lost, each pending change lost alone, each kept alone, unsynced bytes lost, zeroed or cut, and `random` more. Each state once.
 */
export function* crashStates(before: string, operations: readonly Operation[], { random, step = 1 }: { readonly random: (below: number) => number; readonly step?: number }): Generator<CrashState> {
  const model = readModel(before, operations)
  const seen = new Set<string>()
  for (let at = 0; at <= operations.length; at += step) {
    for (const { name, kept, data } of choices(model, at, random)) {
      const tree = buildTree(model, { at, kept, data })
      const hash = hashTree(tree)
      if (seen.has(hash)) continue
      seen.add(hash)
      yield { name: `after change ${at} (${describe(operations[at - 1])}): ${name}`, tree, hash }
    }
  }
}

function describe(operation: Operation | undefined): string {
  return operation === undefined ? 'none' : `${operation.type} ${operation.path}`
}

/** Puts a state on a real disk. */
export function writeTree(tree: CrashState['tree'], root: string): void {
  fs.mkdirSync(root, { recursive: true })
  for (const [path, content] of tree) {
    if (content === 'folder') fs.mkdirSync(join(root, path), { recursive: true })
    else fs.writeFileSync(join(root, path), content)
  }
}

interface Model {
  readonly inodes: readonly Inode[]
  readonly names: readonly NameChange[]
  /** What was there before, durably: names by folder. */
  readonly first: ReadonlyMap<number, ReadonlyMap<string, number>>
}

const ROOT = 0
const NEVER = Number.POSITIVE_INFINITY

function readModel(before: string, operations: readonly Operation[]): Model {
  const inodes: Inode[] = []
  const first = new Map<number, Map<string, number>>()
  const now = new Map<number, Map<string, number>>()
  const names: NameChange[] = []

  function load(path: string): number {
    const isFolder = fs.statSync(path).isDirectory()
    const id = inodes.push({ isFolder, base: isFolder ? Buffer.alloc(0) : fs.readFileSync(path), changes: [] }) - 1
    if (!isFolder) return id
    const entries = new Map<string, number>()
    first.set(id, entries)
    for (const name of fs.readdirSync(path)) entries.set(name, load(join(path, name)))
    now.set(id, new Map(entries))
    return id
  }

  function find(path: string): number | undefined {
    return path === '' ? ROOT : path.split('/').reduce<number | undefined>((folder, name) => (folder === undefined ? undefined : now.get(folder)?.get(name)), ROOT)
  }

  function need(path: string): number {
    const id = find(path)
    if (id === undefined) throw new TypeError(`The recording has no ${path}`)
    return id
  }

  function change(at: number, path: string, { target, needs }: { readonly target: number | undefined; readonly needs?: NameChange }): NameChange {
    const parent = dirname(path)
    const folder = need(parent === '.' ? '' : parent)
    const name = path.slice(path.lastIndexOf('/') + 1)
    if (target === undefined) now.get(folder)?.delete(name)
    else now.get(folder)?.set(name, target)
    const made: NameChange = { at, folder, name, target, needs, durable: NEVER }
    names.push(made)
    return made
  }

  function createInode(isFolder: boolean): number {
    const id = inodes.push({ isFolder, base: Buffer.alloc(0), changes: [] }) - 1
    if (isFolder) now.set(id, new Map())
    return id
  }

  function syncNames(at: number, path: string): void {
    const folder = need(path)
    for (const made of names) {
      if (made.folder !== folder || made.durable !== NEVER) continue
      made.durable = at
      if (made.needs !== undefined) made.needs.durable = Math.min(made.needs.durable, at)
    }
  }

  function carryOut(operation: Operation, at: number): void {
    switch (operation.type) {
      case 'mkdir': change(at, operation.path, { target: createInode(true) }); break
      case 'create': change(at, operation.path, { target: createInode(false) }); break
      case 'unlink': case 'removeDirectory': change(at, operation.path, { target: undefined }); break
      case 'link': change(at, operation.path, { target: need(operation.from) }); break
      case 'rename': {
        const added = change(at, operation.path, { target: need(operation.from) })
        change(at, operation.from, { target: undefined, needs: added })
        break
      }
      case 'write': inodes[need(operation.path)]?.changes.push({ at, durable: NEVER, apply: (content) => Buffer.concat([content, operation.bytes]) }); break
      case 'truncate': inodes[need(operation.path)]?.changes.push({ at, durable: NEVER, apply: (content) => content.subarray(0, operation.length) }); break
      case 'sync': for (const made of inodes[need(operation.path)]?.changes ?? []) made.durable = Math.min(made.durable, at); break
      case 'syncDirectory': syncNames(at, operation.path); break
    }
  }

  // A mirror that is not there yet is an empty folder whose name is durable.
  if (fs.existsSync(before)) load(before)
  else {
    createInode(true)
    first.set(ROOT, new Map())
  }
  const isInside = ({ type, path }: Operation): boolean => !path.startsWith('..') && (path !== '' || type === 'syncDirectory')
  for (const [at, operation] of operations.entries()) if (isInside(operation)) carryOut(operation, at)
  return { inodes, names, first }
}

interface Choice {
  readonly name: string
  readonly kept: (change: NameChange) => boolean
  readonly data: (inode: number) => DataFate
}

const RANDOM_CHOICES = 4

function* choices({ names }: Model, at: number, random: (below: number) => number): Generator<Choice> {
  const pending = names.filter((change) => change.at < at && change.durable >= at)
  for (const fate of DATA) yield { name: `all names kept, unsynced bytes ${fate}`, kept: () => true, data: () => fate }
  yield { name: 'nothing kept', kept: () => false, data: () => 'lost' }
  for (const one of pending) {
    yield { name: `${one.name} lost alone`, kept: (change) => change !== one, data: () => 'whole' }
    yield { name: `${one.name} kept alone`, kept: (change) => change === one, data: () => 'whole' }
    yield { name: `${one.name} kept alone, without bytes`, kept: (change) => change === one, data: () => 'lost' }
  }
  for (let count = 0; count < RANDOM_CHOICES && pending.length > 1; count += 1) {
    const lost = new Set(pending.filter(() => random(2) === 0))
    const fates = new Map<number, DataFate>()
    const fateOf = (inode: number): DataFate => {
      const known = fates.get(inode) ?? DATA[random(DATA.length)] ?? 'whole'
      fates.set(inode, known)
      return known
    }
    yield { name: `${lost.size} of ${pending.length} names lost at random`, kept: (change) => !lost.has(change), data: fateOf }
  }
}

function buildTree({ inodes, names, first }: Model, { at, kept, data }: { readonly at: number; readonly kept: Choice['kept']; readonly data: Choice['data'] }): Map<string, Buffer | 'folder'> {
  const entries = new Map([...first].map(([folder, content]) => [folder, new Map(content)]))
  const isKept = (change: NameChange): boolean => change.durable < at || (kept(change) && (change.needs === undefined || isKept(change.needs)))
  for (const change of names) {
    if (change.at >= at || !isKept(change)) continue
    const folder = entries.get(change.folder) ?? new Map<string, number>()
    entries.set(change.folder, folder)
    if (change.target === undefined) folder.delete(change.name)
    else folder.set(change.name, change.target)
  }
  const tree = new Map<string, Buffer | 'folder'>()
  const visit = (folder: number, path: string): void => {
    for (const [name, id] of entries.get(folder) ?? []) {
      const own = path === '' ? name : `${path}/${name}`
      const inode = inodes[id]
      if (inode?.isFolder) {
        tree.set(own, 'folder')
        visit(id, own)
      } else if (inode !== undefined) tree.set(own, contentOf(inode, at, data(id)))
    }
  }
  visit(ROOT, '')
  return tree
}

function contentOf({ base, changes }: Inode, at: number, fate: DataFate): Buffer {
  const durable = changes.filter((change) => change.durable < at).reduce((content, change) => change.apply(content), base)
  const whole = changes.filter((change) => change.at < at).reduce((content, change) => change.apply(content), base)
  if (fate === 'whole' || whole.equals(durable)) return whole
  if (fate === 'lost') return durable
  const rest = whole.length - durable.length
  if (rest <= 0) return durable
  return fate === 'zeros' ? Buffer.concat([durable, Buffer.alloc(rest)]) : whole.subarray(0, durable.length + (rest >> 1))
}

function hashTree(tree: CrashState['tree']): string {
  const sum = createHash('sha256')
  for (const [path, content] of [...tree].toSorted(([left], [right]) => (left < right ? -1 : 1))) sum.update(`${path}\0${content.length}\0`).update(content)
  return sum.digest('hex')
}
