import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe } from 'vitest'
import { createKeyPair, openDelta, parsePublicKey, parseSecretKey } from '../src/index.ts'
import { test } from './test.ts'
import { FIRST, readTree } from './world.ts'

const has = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0

/**
 * A test against somebody else's tool. It is skipped where that tool is not installed: it judges us from outside, so nothing of ours can stand in for it, and none of them comes from npm (Debian: `libarchive-tools` for bsdtar, `busybox`,
 * `minisign`). The title of the skipped test names the tool.
 */
function testWith(command: string, name: string): readonly [typeof test | typeof test.skip, string] {
  return has(command) ? [test, name] : [test.skip, `${name} (skipped: there is no ${command} here)`]
}

describe('what other tools unpack is the new mirror', () => {
  for (const [name, command] of [['GNU tar', ['tar']], ['bsdtar', ['bsdtar']], ['busybox tar', ['busybox', 'tar']]] as const) {
    const [testIt, title] = testWith(command[0], name)
    testIt(title, async ({ world, expect }) => {
      world.copy()
      const reference = await world.refer('reference.json')
      await world.change({ ...FIRST, add: { 'linux-64': [{ name: `long-${'x'.repeat(110)}`, version: '1.0' }, ...FIRST.add?.['linux-64'] ?? []] } })
      await world.create([reference], { tarball: join(world.folder, 'update.tar') })
      const [program, ...words] = command
      const { status, stderr } = spawnSync(program, [...words, 'xf', join(world.folder, 'update.tar'), '-C', world.far], { encoding: 'utf8' })
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      const far = readTree(world.far)
      for (const [path, bytes] of readTree(world.near)) expect(far.get(path), path).toBe(bytes)
    })
  }
})

describe('minisign', () => {
  const [testIt, title] = testWith('minisign', 'verifies what we sign, and signs what we verify')
  testIt(title, async ({ world, expect }) => {
    const at = (name: string): string => join(world.folder, name)
    const pair = createKeyPair()
    writeFileSync(at('ours.pub'), pair.publicKey)
    writeFileSync(at('ours.key'), pair.secretKey)
    await world.create([], { tarball: at('signed.tar') }, { key: parseSecretKey(pair.secretKey) })
    execFileSync('tar', ['xf', 'signed.tar', '.conda-delta'], { cwd: world.folder })
    const manifest = at('.conda-delta/manifest.json')
    expect(execFileSync('minisign', ['-V', '-H', '-p', at('ours.pub'), '-m', manifest], { encoding: 'utf8' })).toContain('Trusted comment: sequence:1')
    execFileSync('minisign', ['-S', '-s', at('ours.key'), '-m', manifest, '-t', 'with our key'])
    execFileSync('minisign', ['-G', '-W', '-p', at('theirs.pub'), '-s', at('theirs.key')])
    execFileSync('minisign', ['-S', '-s', at('theirs.key'), '-m', manifest])
    await world.create([], { directory: at('directory') })
    writeFileSync(at('directory/.conda-delta/manifest.json.minisig'), readFileSync(`${manifest}.minisig`))
    await using delta = await openDelta(at('directory'), { keys: [parsePublicKey(readFileSync(at('theirs.pub'), 'utf8'))] })
    expect(delta?.signedBy?.id).toBe(/key (\w+)/.exec(readFileSync(at('theirs.pub'), 'utf8'))?.[1]?.padStart(16, '0'))
    expect(parseSecretKey(readFileSync(at('theirs.key'), 'utf8')).id).toBe(delta?.signedBy?.id)
  })
})

describe('what the offline side installs', () => {
  const packages = resolve(import.meta.dirname, '../..')

  test('depends on our own packages and on nothing else, without a network among what they use', ({ expect }) => {
    const seen = new Set<string>()
    const visit = (name: string): void => {
      if (seen.has(name)) return
      seen.add(name)
      const { dependencies = {}, optionalDependencies = {} }: { readonly dependencies?: object; readonly optionalDependencies?: object } = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8'))
      for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies })) visit(dependency.replace('@mirror/', ''))
    }
    visit('difftar')
    expect([...seen].toSorted()).toEqual(['core', 'delta', 'difftar', 'store'])
  })

  test('is one file of less than half a megabyte that applies a delta without anything beside it', async ({ world, expect }) => {
    const folder = join(world.folder, 'medium')
    mkdirSync(folder)
    mkdirSync(world.far)
    execFileSync(process.execPath, [resolve(import.meta.dirname, '../build.mjs'), folder])
    expect(readdirSync(folder)).toEqual(['difftar.mjs'])
    const tool = join(folder, 'difftar.mjs')
    expect(statSync(tool).size).toBeLessThan(500_000)
    expect(readFileSync(tool, 'utf8')).not.toMatch(/from ?"node:(?:http|https|http2|net|tls|dns|dgram)"|from ?"(?!node:)/)
    const run = (...words: readonly string[]): string => execFileSync(process.execPath, [tool, ...words], { cwd: world.folder, encoding: 'utf8', env: {} })
    expect(run('--create', '--full', '--with-tool', 'near')).toBe('Wrote: update.tar\nWrote: difftar.mjs\nWrote: difftar-readme.txt\nWrote: difftar.sha256\n')
    execFileSync('sha256sum', ['-c', '--quiet', 'difftar.sha256'], { cwd: world.folder })
    expect(run('--apply', 'far')).toContain('Applied: the channel')
    expect(readTree(world.far)).toEqual(readTree(world.near))
    expect(run('--verify', 'far')).toBe('')
  })
})
