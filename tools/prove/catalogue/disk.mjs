import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { root } from '../../lib/workspace.mjs'

const PROGRAM = join(root, 'apps/cli/src/bin/mirror.ts')
const isRoot = process.getuid?.() === 0
const ZETA = 'linux-64/zeta-1.0-0.conda'

/** Runs the program in a process of its own, with limits set by a shell. */
const runLimited = (limit, argv, cwd) => new Promise((resolve) => {
  const child = spawn('bash', ['-c', `${limit}; exec "$@"`, 'bash', process.execPath, '--no-warnings', PROGRAM, ...argv], { cwd, env: { PATH: process.env.PATH, HOME: cwd }, stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, error] = [[], []]
  child.stdout.on('data', (chunk) => out.push(chunk))
  child.stderr.on('data', (chunk) => error.push(chunk))
  child.once('close', (exitCode) => {
    const stdout = Buffer.concat(out).toString()
    resolve({ exitCode, stdout, stderr: Buffer.concat(error).toString(), lines: stdout.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line)) })
  })
})

/** A small file system in memory under the mirror's folder, filled until so much is left. */
const mountSmall = (scene, kilobytes, options = '') => {
  const where = join(scene.cwd, 'm')
  const kept = join(scene.cwd, 'kept')
  fs.renameSync(where, kept)
  fs.mkdirSync(where)
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=4m${options}`, 'tmpfs', where])
  if (status !== 0) throw new Error('tmpfs cannot be mounted')
  fs.cpSync(kept, where, { recursive: true, preserveTimestamps: true })
  const { bavail, bsize } = fs.statfsSync(where)
  fs.writeFileSync(join(where, '.filler'), Buffer.alloc(Math.max(0, bavail * bsize - kilobytes * 1024)))
  const close = scene.close
  scene.close = async () => {
    spawnSync('umount', ['-l', where])
    await close()
  }
  return { stop: () => fs.rmSync(join(where, '.filler'), { force: true }) }
}

const full = [0, 4, 8, 12, 16, 20, 24, 28].map((kilobytes) => ({
  id: 'D01', name: `${kilobytes} KiB are left on the disk`, expect: 'breaks', flags: ['--reserve', '0'], codes: ['STORE_NO_SPACE'], arrange: (scene) => mountSmall(scene, kilobytes),
}))

const inodes = {
  id: 'D01', name: 'no inode is left', expect: 'breaks', flags: ['--reserve', '0'],
  arrange: (scene) => {
    const { stop } = mountSmall(scene, 2000, ',nr_inodes=200')
    const where = join(scene.cwd, 'm/.many')
    fs.mkdirSync(where)
    let count = 0
    try {
      for (; count < 10_000; count += 1) fs.writeFileSync(join(where, String(count)), '')
    } catch {
      // That was the last one.
    }
    return { stop: () => { fs.rmSync(where, { recursive: true }); stop() } }
  },
}

/** Limits of the process, by a shell: judged by what the program itself prints. */
const limited = [['no file may be larger than 4 KiB', 'ulimit -f 4'], ['64 files may be open', 'ulimit -n 64']].map(([name, limit]) => ({
  id: 'D02', name, expect: 'whole',
  arrange: async (scene) => {
    scene.limited = await runLimited(limit, [...scene.argv, '--reserve', '0'], scene.cwd)
    return {}
  },
  also: async (scene) => {
    const { judgeNames } = await import('./scene.mjs')
    return [...judgeNames(scene.limited), ...(scene.limited.exitCode === null ? ['the process was ended'] : [])]
  },
}))

const immutable = {
  id: 'D02', name: 'a folder that nobody may change', expect: 'stays',
  arrange: (scene) => {
    const folder = join(scene.mirror, 'linux-64')
    if (spawnSync('chattr', ['+i', folder]).status !== 0) return {}
    const free = () => { spawnSync('chattr', ['-i', folder]) }
    const close = scene.close
    scene.close = async () => { free(); await close() }
    return { stop: free }
  },
}

const readOnly = {
  id: 'D03', name: 'the mirror is mounted read-only', expect: 'stays',
  arrange: (scene) => {
    const where = join(scene.cwd, 'm')
    spawnSync('mount', ['--bind', where, where])
    spawnSync('mount', ['-o', 'remount,bind,ro', where])
    const close = scene.close
    const free = () => { spawnSync('umount', ['-l', where]) }
    scene.close = async () => { free(); await close() }
    return { stop: free }
  },
}

/** Something that is no plain file or folder stands where one belongs. `stop` puts back what was there. */
const replaced = (id, name, { path, plant, expect = 'refused', exits }) => ({
  id, name, expect, ...(exits ? { exits } : {}),
  arrange: (scene) => {
    const where = join(scene.mirror, path)
    const kept = join(scene.cwd, 'kept-aside')
    if (fs.existsSync(where)) fs.renameSync(where, kept)
    plant(where, kept, scene)
    scene.outside = join(scene.cwd, 'outside')
    scene.kept = undefined
    return {}
  },
  also: async (scene) => (fs.existsSync(join(scene.cwd, 'outside')) && fs.readdirSync(join(scene.cwd, 'outside')).length > 0 ? ['something was written outside'] : []),
})

const toOutside = (where, _kept, scene) => {
  fs.mkdirSync(join(scene.cwd, 'outside'))
  fs.symlinkSync(join(scene.cwd, 'outside'), where)
}

const links = [
  replaced('D04', 'a subdir is a symlink to a folder outside', { path: 'linux-64', plant: toOutside, expect: 'left' }),
  replaced('D04', 'the folder of shards is a symlink to a folder outside', { path: 'linux-64/shards', plant: toOutside, expect: 'left' }),
  replaced('D04', 'the dot-folder is a symlink to a folder outside', { path: '.mirror', plant: toOutside, expect: 'left' }),
  replaced('D04', 'the staging folder is a symlink to a folder outside', { path: '.mirror/staging', plant: toOutside, expect: 'left' }),
  replaced('D04', 'a new artifact is a symlink to nothing', { path: ZETA, plant: (where) => fs.symlinkSync('nowhere', where), expect: 'left' }),
  replaced('D04', 'a new artifact is a symlink to /etc/passwd', { path: ZETA, plant: (where) => fs.symlinkSync('/etc/passwd', where), expect: 'left' }),
  replaced('D04', 'a new artifact is a symlink to itself', { path: ZETA, plant: (where) => fs.symlinkSync('zeta-1.0-0.conda', where), expect: 'left' }),
  replaced('D05', 'a new artifact is a pipe', { path: ZETA, plant: (where) => { spawnSync('mkfifo', [where]) }, expect: 'left' }),
  replaced('D05', 'a new artifact is a folder', { path: ZETA, plant: (where) => fs.mkdirSync(where), expect: 'left' }),
  replaced('D05', 'a new artifact is another file of that name', { path: ZETA, plant: (where) => fs.writeFileSync(where, 'foreign'), expect: 'complete' }),
  replaced('D05', 'a new artifact is a hard link to a file outside', { path: ZETA, plant: (where, _, scene) => { fs.writeFileSync(join(scene.cwd, 'theirs'), 'foreign'); fs.linkSync(join(scene.cwd, 'theirs'), where) }, expect: 'complete' }),
]

const foreign = [
  { id: 'D06', name: 'foreign files lie in the mirror', expect: 'complete', arrange: (scene) => { fs.writeFileSync(join(scene.mirror, 'README.txt'), 'ours'); fs.writeFileSync(join(scene.mirror, 'linux-64/notes.txt'), 'ours') }, also: async (scene) => (['README.txt', 'linux-64/notes.txt'].every((path) => fs.existsSync(join(scene.mirror, path))) ? [] : ['a foreign file is gone']) },
  { id: 'D06', name: 'the folder has something else', expect: 'left', exits: [4], scene: { fresh: true }, arrange: (scene) => { fs.mkdirSync(join(scene.mirror), { recursive: true }); fs.writeFileSync(join(scene.mirror, 'thesis.tex'), 'years of work') }, also: async (scene) => (fs.readdirSync(scene.mirror).join() === 'thesis.tex' ? [] : ['the folder has changed']) },
  { id: 'D06', name: 'another tool filled the folder', expect: 'complete', scene: { fresh: true }, arrange: (scene) => { fs.cpSync(scene.upstream, scene.mirror, { recursive: true }) } },
]

/** One byte of a file of ours is other than it was, or the file is cut, or it is garbage: the next run comes to the end all the same. */
const rotten = ['head', 'format', 'published.json', 'lock.db', 'log.jsonl', 'generations/1.json', 'memo'].flatMap((path) => ['one byte is flipped', 'cut in the middle', 'empty', 'garbage', 'gone'].map((how) => ({
  id: how === 'one byte is flipped' ? 'D07' : 'D08', name: `.mirror/${path}: ${how}`, ...(path === 'lock.db' && how === 'garbage' ? { expect: 'left', codes: ['STORE_NO_LOCKS'] } : { expect: 'recovers' }),
  arrange: (scene) => {
    const below = join(scene.mirror, '.mirror', path)
    if (!fs.existsSync(below)) return {}
    const files = fs.statSync(below).isDirectory() ? fs.readdirSync(below).map((file) => join(below, file)) : [below]
    for (const file of files) damage(file, how)
    return {}
  },
})))

const damage = (file, how) => {
  const bytes = fs.readFileSync(file)
  if (how === 'gone') fs.rmSync(file)
  else fs.writeFileSync(file, how === 'one byte is flipped' ? bytes.map((byte, index) => (index === bytes.length >> 1 ? byte ^ 1 : byte)) : how === 'garbage' ? Buffer.alloc(500, 0xa5) : bytes.subarray(0, how === 'empty' ? 0 : bytes.length >> 1))
}

const rottenPublic = [['an artifact', 'linux-64/gamma-1.0-0.conda'], ['repodata.json', 'linux-64/repodata.json'], ['repodata.json.zst', 'linux-64/repodata.json.zst']].map(([name, path]) => ({
  id: 'D07', name: `one byte of ${name} is flipped: verify finds it`, expect: 'left', exits: [1],
  arrange: (scene) => { damage(join(scene.mirror, path), 'one byte is flipped'); return { argv: ['verify', '-c', scene.server.url, '--mirror-dir', 'm', '--json'] } },
  also: async (scene, ran) => (ran.stdout.includes(path.split('/').at(-1)) ? [] : ['verify does not name it']),
}))

const modes = ['077', '000'].map((umask) => ({
  id: 'D12', name: `umask ${umask}`, expect: 'complete',
  arrange: (scene) => {
    const before = process.umask(Number.parseInt(umask, 8))
    const close = scene.close
    scene.close = async () => { process.umask(before); await close() }
  },
  also: async (scene) => ((fs.statSync(join(scene.mirror, ZETA)).mode & 0o777) === 0o644 ? [] : ['the mode of a new artifact is not 0644']),
  alone: true,
}))

export const diskCases = () => [...(isRoot ? [...full, inodes, immutable, readOnly] : []), ...limited, ...links, ...foreign, ...rotten, ...rottenPublic, ...modes]

export const diskSkipped = [...(isRoot ? [] : ['D01, D03: only root can mount']), 'D03 a disk that goes away: the family power-cut', 'D09 other file systems, D10 slow disks: not here', 'D11 signals: tests of apps/cli']
