import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMirrorError } from '@mirror/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { applyDelta, createKeyPair, openDelta, parsePublicKey, parseSecretKey } from '../src/index.ts'
import { openFile } from '../src/files/open-file.ts'
import { readMembers } from '../src/tar/read-members.ts'
import { formatHeader } from '../src/tar/tar-header.ts'
import { createWorld, FIRST, readTree, type World } from './world.ts'

const BLOCK = 512
const keyPair = createKeyPair()
const keys = [parsePublicKey(keyPair.publicKey)]

/** One world for all: nothing that is refused may change it. */
const world = await createHostileWorld()

async function createHostileWorld(): Promise<World & { readonly valid: Buffer; readonly signed: Buffer }> {
  const made = await createWorld(mkdtempSync(join(tmpdir(), 'difftar-hostile-')))
  await made.create([], { tarball: join(made.folder, 'seed.tar') })
  await applyDelta({ from: join(made.folder, 'seed.tar'), mirror: made.far })
  const reference = await made.refer('reference.json')
  await made.change(FIRST)
  await made.create([reference], { tarball: join(made.folder, 'valid.tar') })
  await made.create([reference], { tarball: join(made.folder, 'signed.tar') }, { key: parseSecretKey(keyPair.secretKey) })
  process.once('exit', () => rmSync(made.folder, { recursive: true, force: true }))
  return { ...made, valid: readFileSync(join(made.folder, 'valid.tar')), signed: readFileSync(join(made.folder, 'signed.tar')) }
}

interface Member {
  readonly path: string
  /** Where its header starts. */
  readonly start: number
  readonly body: number
  readonly size: number
  readonly end: number
}

/** Reads a tar that is known to be good, with code of its own. */
function membersOf(tar: Buffer): readonly Member[] {
  const members: Member[] = []
  for (let at = 0; tar[at] !== 0;) {
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8)
    const [name = '', prefix = ''] = [[0, 100], [345, 500]].map(([from, to]) => tar.toString('latin1', at + (from ?? 0), at + (to ?? 0)).split('\0')[0] ?? '')
    const end = at + BLOCK + Math.ceil(size / BLOCK) * BLOCK
    members.push({ path: prefix === '' ? name : `${prefix}/${name}`, start: at, body: at + BLOCK, size, end })
    at = end
  }
  return members
}

/** A header with anything in it, and the checksum that fits. */
function header(fields: { readonly path?: string; readonly size?: number; readonly type?: string; readonly link?: string; readonly edit?: (block: Buffer) => void }): Buffer {
  const block = Buffer.from(formatHeader({ path: fields.path ?? 'x', size: fields.size ?? 0, mtime: 0 }))
  if (fields.type !== undefined) block.write(fields.type, 156, 'latin1')
  if (fields.link !== undefined) block.write(fields.link, 157, 'latin1')
  fields.edit?.(block)
  block.write('        ', 148, 'latin1')
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)])
}

function pax(records: Readonly<Record<string, string>>, type = 'x'): Buffer {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`
    const length = [1, 2, 3, 4].map((digits) => rest.length + digits).find((total) => String(total).length + rest.length === total) ?? 0
    return `${length}${rest}`
  }).join('')
  return Buffer.concat([header({ path: 'PaxHeader', size: lines.length, type }), padded(Buffer.from(lines))])
}

/** The valid tarball with something put in front of one of its members, or one replaced. */
function insert(bytes: Uint8Array, { before = 2, drop = false }: { readonly before?: number; readonly drop?: boolean } = {}): Buffer {
  const members = membersOf(world.valid)
  const at = members[before]?.start ?? 0
  return Buffer.concat([world.valid.subarray(0, at), bytes, world.valid.subarray(drop ? (members[before]?.end ?? at) : at)])
}

function flip(bytes: Buffer, at: number, bit: number): Buffer {
  const flipped = Buffer.from(bytes)
  flipped[at] = (flipped[at] ?? 0) ^ (1 << bit)
  return flipped
}

const file = (path: string, text = 'evil'): Buffer => Buffer.concat([header({ path, size: text.length }), padded(Buffer.from(text))])
const members = membersOf(world.valid)
const artifact = members.find(({ path }) => path.endsWith('.conda'))
if (artifact === undefined) throw new Error('no artifact in the tarball')
const original = world.valid.subarray(artifact.start, artifact.end)
const body = world.valid.subarray(artifact.body, artifact.body + artifact.size)
const place = members.indexOf(artifact)
const END = 2 * BLOCK

/** A06, A07, A08, A09: what it is, the bytes, and the codes that may refuse it. */
const CASES: readonly (readonly [string, () => Buffer, RegExp])[] = [
  ['A06 a symbolic link', () => insert(header({ path: 'linux-64/evil', type: '2', link: '/etc/passwd' })), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A06 a hard link', () => insert(header({ path: 'linux-64/evil', type: '1', link: 'noarch/repodata.json' })), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A06 a character device', () => insert(header({ path: 'linux-64/evil', type: '3' })), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A06 a block device', () => insert(header({ path: 'linux-64/evil', type: '4' })), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A06 a pipe', () => insert(header({ path: 'linux-64/evil', type: '6' })), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A06 a folder', () => insert(header({ path: 'linux-64/evil/', type: '5' })), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A06 a sparse file', () => insert(header({ path: 'linux-64/evil', type: 'S' })), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A06 a header for all members', () => insert(pax({ path: 'evil' }, 'g')), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A06 a long link of GNU', () => insert(Buffer.concat([header({ path: '././@LongLink', size: 5, type: 'K' }), padded(Buffer.from('evil\0'))])), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A06 an unknown type', () => insert(header({ path: 'linux-64/evil', type: 'Z' })), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A07 an absolute path', () => insert(file('/etc/evil')), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A07 a path that climbs', () => insert(file('../evil')), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A07 a path that climbs in the middle', () => insert(file('linux-64/../../evil')), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A07 a name that goes on behind its NUL', () => insert(header({ path: 'x', edit: (block) => block.write('a\0b', 0, 'latin1') })), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A07 a pax header with another path', () => insert(Buffer.concat([pax({ path: '../evil' }), original]), { before: place, drop: true }), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A07 a pax header with a smaller size', () => insert(Buffer.concat([pax({ size: '0' }), original]), { before: place, drop: true }), /^DELTA_(UNSAFE_ARCHIVE|DAMAGED)$/],
  ['A07 a pax header with a size beyond the end', () => insert(Buffer.concat([pax({ size: '999999999999' }), original]), { before: place, drop: true }), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A07 a pax header that makes a sparse file', () => insert(Buffer.concat([pax({ 'GNU.sparse.major': '1' }), original]), { before: place, drop: true }), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A07 a pax header that makes a link', () => insert(Buffer.concat([pax({ linkpath: '/etc/passwd' }), original]), { before: place, drop: true }), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A07 a size of minus one', () => insert(header({ edit: (block) => block.write('-0000000001\0', 124, 'latin1') })), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A07 a size of minus one in base 256', () => insert(header({ edit: (block) => block.fill(0xff, 124, 136) })), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A07 a size of 2^63', () => insert(header({ edit: (block) => Buffer.from('800000008000000000000000', 'hex').copy(block, 124) })), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A07 a wrong checksum', () => flip(world.valid, artifact.start + 150, 0), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A07 a member twice', () => insert(original, { before: place + 1 }), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A07 a second manifest', () => insert(world.valid.subarray(0, members[1]?.start), { before: 1 }), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A07 a member that the manifest does not name', () => insert(file('linux-64/evil-1.0-0.conda')), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A07 a member in another order', () => Buffer.concat([world.valid.subarray(0, artifact.start), world.valid.subarray(artifact.end, members[place + 1]?.end), original, world.valid.subarray(members[place + 1]?.end)]), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A07 a member missing', () => insert(Buffer.alloc(0), { before: place, drop: true }), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A07 a member with other bytes of the same size', () => insert(Buffer.concat([header({ path: artifact.path, size: artifact.size }), padded(Buffer.from(body).reverse())]), { before: place, drop: true }), /^DELTA_DAMAGED$/],
  ['A07 a member that is cut', () => insert(Buffer.concat([header({ path: artifact.path, size: artifact.size - 1 }), padded(body.subarray(1))]), { before: place, drop: true }), /^DELTA_DAMAGED$/],
  ['A07 no end', () => world.valid.subarray(0, members.at(-1)?.end), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A07 half an end', () => world.valid.subarray(0, (members.at(-1)?.end ?? 0) + BLOCK), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A07 cut inside of a member', () => world.valid.subarray(0, artifact.body + 10), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A07 data after the end', () => Buffer.concat([world.valid.subarray(0, (members.at(-1)?.end ?? 0) + END), file('linux-64/evil')]), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A07 data between members', () => flip(world.valid, artifact.end - 1, 0), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A08 a link to a folder, then a file through it', () => insert(Buffer.concat([header({ path: 'a', type: '2', link: '..' }), header({ path: 'a/b', type: '2', link: '..' }), file('a/b/evil')])), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A09 gzip', () => Buffer.concat([Buffer.from('1f8b0800', 'hex'), Buffer.alloc(2048)]), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A09 zstd', () => Buffer.concat([Buffer.from('28b52ffd', 'hex'), Buffer.alloc(2048)]), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A09 an archive in an archive', () => Buffer.concat([header({ path: 'update.tar', size: world.valid.length }), padded(world.valid), Buffer.alloc(END)]), /^DELTA_NO_MANIFEST$/],
  ['A09 an empty file', () => Buffer.alloc(0), /^DELTA_UNSAFE_ARCHIVE$/],
  ['A09 noise', () => Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * 7919) % 251 || 1)), /^DELTA_UNSAFE_ARCHIVE$/],
]

/** Everything around the mirror, as it is seen from outside. */
function outside(): string {
  const listing = execFileSync('find', [world.far, '-not', '-path', '*/.mirror/*', '-printf', '%P %y %s %T@\n'], { encoding: 'utf8' })
  return createHash('sha256').update(listing).update(String(existsSync(join(world.folder, 'evil')))).digest('hex')
}

async function refusal(bytes: Buffer, options: Partial<Parameters<typeof applyDelta>[0]> = {}): Promise<string> {
  const path = join(world.folder, 'hostile.tar')
  writeFileSync(path, bytes)
  try {
    const { status } = await applyDelta({ from: path, mirror: world.far, ...options })
    return `not refused: ${status}`
  } catch (error) {
    if (isMirrorError(error)) return error.code
    throw error
  }
}

describe('a hostile or damaged tarball is refused, and nothing changes', () => {
  test.for(CASES)('%s', async ([, make, codes]) => {
    const before = outside()
    expect(await refusal(make())).toMatch(codes)
    expect(outside()).toBe(before)
    expect(existsSync(join(world.folder, 'evil'))).toBe(false)
  })

  test('A09 a manifest of 64 MiB and a byte', async () => {
    const path = join(world.folder, 'large.tar')
    const size = 64 * 1024 * 1024 + 1
    writeFileSync(path, header({ path: '.conda-delta/manifest.json', size }))
    truncateSync(path, BLOCK + Math.ceil(size / BLOCK) * BLOCK + END)
    await expect(applyDelta({ from: path, mirror: world.far })).rejects.toMatchObject({ code: 'DELTA_UNSAFE_ARCHIVE' })
  })

  test('A03 a flipped bit at 20 places each of the manifest, the signature and the rest', async () => {
    const before = outside()
    const [manifest, signature] = membersOf(world.signed)
    if (manifest === undefined || signature === undefined) throw new Error('not signed')
    // The untrusted comment, the first line, is signed by nobody.
    const line = world.signed.indexOf('\n', signature.body) + 1
    const parts: readonly (readonly [number, number])[] = [[manifest.body, manifest.size], [line, signature.body + signature.size - line], [signature.end, world.signed.length - signature.end]]
    for (const [start, length] of parts) {
      for (let number = 0; number < 20; number += 1) {
        const at = start + Math.floor((length * number) / 20)
        expect(await refusal(flip(world.signed, at, number % 8), { keys }), `bit ${number % 8} of byte ${at}`).toMatch(/^DELTA_/)
      }
    }
    expect(outside()).toBe(before)
  })

  test('A03 any flipped bit of an unsigned tarball', async () => {
    const before = outside()
    await fc.assert(fc.asyncProperty(fc.nat(world.valid.length - 1), fc.nat(7), async (at, bit) => {
      expect(await refusal(flip(world.valid, at, bit))).toMatch(/^DELTA_/)
    }), { numRuns: 150, seed: 7 })
    expect(outside()).toBe(before)
  })

  test('A02 signatures that are missing, of another key, of another manifest, or cut', async () => {
    const before = outside()
    expect(await refusal(world.valid, { keys })).toBe('DELTA_UNSIGNED')
    expect(await refusal(world.signed, { keys: [parsePublicKey(createKeyPair().publicKey)] })).toBe('DELTA_SIGNATURE_WRONG')
    const [manifest, signature] = membersOf(world.signed)
    const seed = readFileSync(join(world.folder, 'seed.tar'))
    const [other] = membersOf(seed)
    expect(await refusal(Buffer.concat([seed.subarray(0, other?.end), world.signed.subarray(manifest?.end, signature?.end), seed.subarray(other?.end)]), { keys })).toBe('DELTA_SIGNATURE_WRONG')
    const text = world.signed.subarray(signature?.body, (signature?.body ?? 0) + (signature?.size ?? 0))
    const cut = Buffer.concat([world.signed.subarray(0, manifest?.end), header({ path: '.conda-delta/manifest.json.minisig', size: 100 }), padded(text.subarray(0, 100)), world.signed.subarray(signature?.end)])
    expect(await refusal(cut, { keys })).toBe('DELTA_SIGNATURE_WRONG')
    const legacy = Buffer.from(text.toString('latin1').replace('\nRU', '\nRW'), 'latin1')
    expect(await refusal(Buffer.concat([world.signed.subarray(0, signature?.body), padded(legacy), world.signed.subarray(signature?.end)]), { keys })).toBe('DELTA_SIGNATURE_WRONG')
    expect(outside()).toBe(before)
  })
})

describe('a delta directory', () => {
  test('A08 with a link in it is refused', async () => {
    const directory = join(world.folder, 'directory')
    mkdirSync(directory)
    execFileSync('tar', ['xf', join(world.folder, 'valid.tar'), '-C', directory])
    const before = outside()
    renameSync(join(directory, 'linux-64'), join(world.folder, 'elsewhere'))
    symlinkSync(join(world.folder, 'elsewhere'), join(directory, 'linux-64'))
    await expect(applyDelta({ from: directory, mirror: world.far })).rejects.toMatchObject({ code: 'DELTA_INCOMPLETE' })
    rmSync(join(directory, 'linux-64'))
    renameSync(join(world.folder, 'elsewhere'), join(directory, 'linux-64'))
    rmSync(join(directory, artifact.path))
    symlinkSync('/etc/passwd', join(directory, artifact.path))
    await expect(applyDelta({ from: directory, mirror: world.far })).rejects.toMatchObject({ code: 'DELTA_INCOMPLETE' })
    rmSync(join(directory, artifact.path))
    expect(outside()).toBe(before)
  })

  test('A05 that goes away while it is applied can be brought again', async () => {
    const directory = join(world.folder, 'going')
    const far = join(world.folder, 'far-going')
    mkdirSync(directory)
    cpSync(world.far, far, { recursive: true })
    execFileSync('tar', ['xf', join(world.folder, 'valid.tar'), '-C', directory])
    const before = readTree(far)
    await expect(applyDelta({ from: directory, mirror: far, observe: ({ type }) => { if (type === 'channel-applying') rmSync(join(directory, artifact.path)) } })).rejects.toMatchObject({ code: 'DELTA_DAMAGED' })
    expect(readTree(far)).toEqual(before)
    execFileSync('tar', ['xf', join(world.folder, 'valid.tar'), '-C', directory])
    await applyDelta({ from: directory, mirror: far, grace: 0 })
    expect(readTree(far)).toEqual(readTree(world.near))
  })
})

describe('readMembers()', () => {
  test('reads what GNU tar writes: long names, pax, GNU and ustar', async () => {
    const folder = join(world.folder, 'gnu')
    const long = `linux-64/${'a'.repeat(120)}-1.0-0.conda`
    mkdirSync(join(folder, 'linux-64'), { recursive: true })
    writeFileSync(join(folder, long), 'hello')
    for (const format of ['gnu', 'pax']) {
      const path = join(folder, `${format}.tar`)
      execFileSync('tar', ['--format', format, '-cf', path, '-C', folder, long])
      await using opened = await openFile(path)
      const found: string[] = []
      if (opened !== undefined) for await (const { path: name, size, offset } of readMembers(opened)) found.push(`${name} ${size} ${Buffer.from(await opened.read(offset, size)).toString()}`)
      expect(found).toEqual([`${long} 5 hello`])
    }
  })

  test('answers or refuses whatever it is given, and hangs on nothing', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.record({ at: fc.nat(world.valid.length - 1), byte: fc.nat(255) }), { maxLength: 6 }), fc.nat(world.valid.length), async (edits, length) => {
      const bytes = Buffer.from(world.valid.subarray(0, length))
      for (const { at, byte } of edits) if (at < bytes.length) bytes[at] = byte
      const path = join(world.folder, 'fuzz.tar')
      writeFileSync(path, bytes)
      try {
        await using delta = await openDelta(path)
        await delta?.verify()
      } catch (error) {
        if (!isMirrorError(error)) throw error
      }
    }), { numRuns: 200, seed: 11 })
  })
})
