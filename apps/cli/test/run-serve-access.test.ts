import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createCertificate } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import { test } from './support.ts'

const MIRROR = fileURLToPath(new URL('../src/bin/mirror.ts', import.meta.url))
const ADDRESS = /https?:\/\/127\.0\.0\.1:\d+\//
const INDEX = '/team/noarch/repodata.json'

/** A command that runs as a process of its own. */
interface Child {
  readonly kill: (signal: NodeJS.Signals) => void
  /** What was printed from here on until it fits, with what fits. */
  readonly next: (pattern: RegExp) => Promise<string>
  readonly ended: Promise<{ readonly code: number | null; readonly all: string }>
}

function start(args: readonly string[], cwd: string): Child {
  const child = spawn(process.execPath, ['--no-warnings', MIRROR, ...args], { cwd, env: { PATH: process.env['PATH'], HOME: cwd }, stdio: ['ignore', 'pipe', 'pipe'] })
  let all = ''
  let read = 0
  let look = (): void => undefined
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      all += text
      look()
    })
  }
  return {
    kill: (signal) => void child.kill(signal),
    next: (pattern) => new Promise((resolve) => {
      look = () => {
        const match = pattern.exec(all.slice(read))
        if (match === null) return
        read += match.index + match[0].length
        look = () => undefined
        resolve(match[0])
      }
      look()
    }),
    ended: new Promise((resolve) => { child.once('close', (code) => resolve({ code, all })) }),
  }
}

function makeMirror(folder: string): void {
  for (const channel of ['team', 'open']) {
    mkdirSync(join(folder, 'm', channel, 'noarch'), { recursive: true })
    writeFileSync(join(folder, 'm', channel, 'noarch/repodata.json'), '{"packages":{}}\n')
  }
}

function configure(folder: string, serve: string, more = 'mirror_dir: m'): void {
  mkdirSync(join(folder, 'etc'), { recursive: true })
  writeFileSync(join(folder, 'etc/mirror.yaml'), `${more}\nfetch_installers: false\nchannels: [./up]\nserve:\n${serve.split('\n').map((line) => `  ${line}`).join('\n')}\n`)
}

describe('mirror serve with access', () => {
  test('goes by the configuration; SIGHUP reads it again, and what is wrong leaves all as it was', async ({ expect, folder, run }) => {
    makeMirror(folder)
    const base = 'host: 127.0.0.1\nport: 0\n'
    configure(folder, `${base}access: [{channels: open, public: true}, {tokens: tokens}]`)
    const { stdout } = await run(['token', 'new', 'ci', '-q', '--tokens', 'etc/tokens'])
    const token = stdout.trim()
    const child = start(['serve', '-f', 'etc/mirror.yaml'], folder)
    const address = (await child.next(ADDRESS)).slice(0, -1)
    const ask = async (path: string, headers: Readonly<Record<string, string>> = {}): Promise<number> => (await fetch(`${address}${path}`, { headers })).status
    expect([await ask('/open/noarch/repodata.json'), await ask(INDEX), await ask(INDEX, { authorization: `Bearer ${token}` }), await ask(`/t/${token}${INDEX}`), await ask('/t/wrong-token-here/team/x')]).toEqual([200, 401, 200, 200, 401])

    configure(folder, `${base}access: [{channels: open, tokens: tokens}, {public: true}]`)
    child.kill('SIGHUP')
    await child.next(/The configuration was read again, and holds from now on\n/)
    expect([await ask('/open/noarch/repodata.json'), await ask(INDEX)]).toEqual([401, 200])

    for (const [broken, reason] of [['access: [{channels: open, tokens: none}]', 'ACCESS_INVALID: .*etc/none'], ['acess: []', 'CONFIG_UNKNOWN_KEY: .*mirror\\.yaml:7: .*serve\\.acess'], ['proxies: 1.2.3', 'CONFIG_INVALID: .*serve\\.proxies']] as const) {
      configure(folder, base + broken)
      child.kill('SIGHUP')
      await child.next(new RegExp(`${reason}.*what there was holds on`))
      expect([await ask('/open/noarch/repodata.json'), await ask(INDEX)]).toEqual([401, 200])
    }

    configure(folder, 'host: 127.0.0.1\nport: 9\naccess: {tokens: tokens}', 'mirror_dir: other')
    child.kill('SIGHUP')
    await child.next(/holds from now on; what is said of mirror_dir, serve\.port holds when the server is started again/)
    expect([await ask(INDEX), await ask(INDEX, { authorization: `Bearer ${token}` })]).toEqual([401, 200])

    child.kill('SIGTERM')
    const { code, all } = await child.ended
    expect(code).toBe(0)
    expect(all).toMatch(/127\.0\.0\.1 - ci \[.*"GET \/team\/noarch\/repodata\.json HTTP\/1\.1" 200/)
    expect(all).not.toContain(token)
    expect(all).not.toContain('wrong-token-here')
  })

  test('flags are a rule about all of the mirror, in place of those of the file', async ({ expect, folder, run }) => {
    makeMirror(folder)
    configure(folder, 'access: [{public: true}]')
    const { stdout } = await run(['token', 'new', 'ci', '-q', '--tokens', 'tokens'])
    const child = start(['serve', '-f', 'etc/mirror.yaml', '--tokens', 'tokens', '--host', '127.0.0.1', '--port', '0', '-q', '-l', 'INFO'], folder)
    const address = (await child.next(ADDRESS)).slice(0, -1)
    expect([(await fetch(address + INDEX)).status, (await fetch(`${address}/t/${stdout.trim()}${INDEX}`)).status]).toEqual([401, 200])
    child.kill('SIGTERM')
    expect(await child.ended).toMatchObject({ code: 0 })
  })

  test('over TLS, with flags; SIGHUP takes a new certificate at once (needs the openssl command)', async ({ expect, folder, skip }) => {
    makeMirror(folder)
    const [first, second] = [await createCertificate(join(folder, 'ca-1')), await createCertificate(join(folder, 'ca-2'))]
    if (first === undefined || second === undefined) return skip('openssl is absent')
    const put = ({ cert, key }: { readonly cert: string; readonly key: string }): void => {
      writeFileSync(join(folder, 'cert.pem'), cert)
      writeFileSync(join(folder, 'key.pem'), key)
    }
    const ask = async (address: string, ca: string): Promise<number | undefined> => await new Promise((resolve, reject) => {
      https.get(address + INDEX, { ca, agent: false }, (response) => { resolve(response.resume().statusCode) }).once('error', reject)
    })
    put(first)
    const child = start(['serve', '--mirror-dir', 'm', '--tls-cert', 'cert.pem', '--tls-key', 'key.pem', '--host', '127.0.0.1', '--port', '0'], folder)
    const address = (await child.next(/https:\/\/127\.0\.0\.1:\d+\//)).slice(0, -1)
    expect(await ask(address, first.cert)).toBe(200)
    put(second)
    child.kill('SIGHUP')
    await child.next(/holds from now on/)
    expect(await ask(address, second.cert)).toBe(200)
    child.kill('SIGTERM')
    expect(await child.ended).toMatchObject({ code: 0 })
  })

  test.for([
    [['--tokens', 'none'], /Cannot read who may have access, ".*none": ENOENT[^]*code: ACCESS_INVALID/], [['--htpasswd', 'plain'], /Cannot use the users of .*plain:1: the password of "ann" is not kept as bcrypt[^]*htpasswd -B[^]*code: ACCESS_INVALID/],
    [['--tls-cert', 'none', '--tls-key', 'none'], /Cannot use the certificate ".*none": ENOENT[^]*code: TLS_INVALID/],
  ] as const)('does not start with %j', async ([flags, reason], { expect, folder, run }) => {
    writeFileSync(join(folder, 'plain'), 'ann:secret-word\n')
    const { exitCode, stdout, stderr } = await run(['serve', '--mirror-dir', 'm', '--port', '0', ...flags])
    expect([exitCode, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(reason)
    expect(stderr).not.toContain('secret-word')
  })
})

describe('serve in the configuration', () => {
  test('is shown as it holds: paths start from the folder of the file, flags win', async ({ expect, folder, run }) => {
    configure(folder, 'port: 8443\nmax_age: 36h\naccess_log: json\ntls: {cert: a.pem, key: ~/b.pem}\nproxies: 10.0.0.0/8\naccess:\n- {channels: [conda-forge, "pkgs/*"], public: true}\n- {channels: team-*, tokens: tokens, htpasswd: [/users], users: [ann, ci]}')
    const { exitCode, stdout, stderr } = await run(['-f', 'etc/mirror.yaml', '--config', '--port', '1'], { program: 'cas-server' })
    expect([exitCode, stderr]).toEqual([0, ''])
    const shown = stdout.slice(stdout.indexOf('\nserve:')).replaceAll(folder, '<folder>')
    expect(shown).toMatchInlineSnapshot(`
      "
      serve:
        port: 1
        max_age: 36h
        access_log: json
        tls:
          cert: <folder>/etc/a.pem
          key: <folder>/b.pem
        proxies:
          - 10.0.0.0/8
        access:
          - channels:
              - conda-forge
              - pkgs/*
            public: true
          - channels:
              - team-*
            tokens:
              - <folder>/etc/tokens
            htpasswd:
              - /users
            users:
              - ann
              - ci
      "
    `)
    writeFileSync(join(folder, 'etc/again.yaml'), stdout)
    const again = await run(['-f', 'etc/again.yaml', '--config'], { program: 'cas-server' })
    expect(again.stdout.slice(again.stdout.indexOf('\n'))).toBe(stdout.slice(stdout.indexOf('\n')))
  })

  test.for([
    ['access: [{channels: team}]', '"serve.access[0]" lets nobody in'], ['access: {channels: team, public: false, tokens: t}', 'is public, so that'], ['access: [{public: true, tokens: t}]', 'is public, so that'], ['access: [{public: false}]', 'takes true'],
    ['access: []', 'lists nothing'], ['access: [{tokens: []}]', 'lists nothing'], ['access: {channels: ../x, public: true}', '"serve.access.channels" takes folders of channels'], ['access: {channels: 7, public: true}', 'takes folders'], ['access: yes', 'takes "public: true"'],
    ['access: {tokens: t, user: ann}', 'is not a key; the nearest is "serve.access.users"'], ['tls: {cert: a}', '"serve.tls" has no "key"'], ['tls: {cert: a, key: b, certs: c}', 'the nearest is "serve.tls.cert"'], ['port: 70000', 'takes a whole number up to 65535'], ['prot: 1', 'nearest is "serve.port"'],
    ['max_age: 0', 'takes a duration'], ['access_log: apache', 'takes combined, json, none'], ['proxies: [nginx.example.org]', 'takes addresses'], ['host: ""', 'takes an address'],
  ] as const)('%s is told with its line', async ([serve, reason], { expect, folder, run }) => {
    configure(folder, serve)
    const { exitCode, stderr } = await run(['-f', 'etc/mirror.yaml', '--config'], { program: 'cas-server' })
    expect(exitCode).toBe(2)
    expect(stderr).toContain('etc/mirror.yaml:5: ')
    expect(stderr).toContain(reason)
  })
})
