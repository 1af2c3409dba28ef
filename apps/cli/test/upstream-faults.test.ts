import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildChannel, changeChannel, type ChannelServer, checkMirror, type Fault, faults, serveChannel } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import { parseLines, type Ran, test } from './support.ts'

type Where = 'index' | 'artifact'

/** A fault of the index of linux-64, or of an artifact that is new in it. */
interface Row {
  readonly name: string
  readonly where: Where
  readonly fault: Fault
  /** What the run reports when it stays. */
  readonly code: string
  /** Whether a second try, in the same run, can make it good. */
  readonly heals: boolean
  /** Flags besides. */
  readonly flags?: readonly string[]
}

const PATHS: Readonly<Record<Where, RegExp>> = { index: /\/linux-64\/repodata\.json\.zst$/, artifact: /\/linux-64\/zeta-1\.0-0\.conda$/ }

/** Public files with their content; the dot-folder may keep what was fetched. */
async function digestPublic(folder: string): Promise<Readonly<Record<string, string>>> {
  const digests: Record<string, string> = {}
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile() && !path.includes('/.mirror/')) digests[path.slice(folder.length)] = createHash('sha256').update(await readFile(path)).digest('hex')
  }
  return digests
}

interface Outcome {
  readonly held: readonly { readonly code: string; readonly reason: string; readonly hint?: string }[]
  readonly failed: readonly { readonly code: string; readonly reason: string; readonly name: string }[]
  readonly verdicts: readonly { readonly guard: string; readonly message: string }[]
}

function outcomeOf({ stdout }: Ran): Outcome {
  const last = parseLines(stdout).at(-1) as { readonly channels?: readonly { readonly report?: Outcome }[] } | undefined
  return last?.channels?.[0]?.report ?? { held: [], failed: [], verdicts: [] }
}

interface Codes {
  readonly index: string
  readonly artifact: string
}

/** The same fault at both places. */
function both(name: string, fault: Fault, { heals = false, flags = [], ...codes }: Codes & { readonly heals?: boolean; readonly flags?: readonly string[] }): readonly Row[] {
  return (['index', 'artifact'] as const).map((where) => ({ name, where, fault, heals, flags, code: codes[where] }))
}

const UNREACHABLE = { index: 'CHANNEL_UNREACHABLE', artifact: 'ARTIFACT_UNREACHABLE', heals: true }
const WRONG_SIZE = { index: 'INDEX_UNREADABLE', artifact: 'SIZE_MISMATCH', heals: true }
const WRONG_BYTES = { index: 'INDEX_UNREADABLE', artifact: 'DIGEST_MISMATCH', heals: true }
const REFUSED = { index: 'ANSWER_REFUSED', artifact: 'ANSWER_REFUSED' }
const REDIRECTED = { index: 'REDIRECT_REFUSED', artifact: 'REDIRECT_REFUSED' }
const STALLED = { index: 'TRANSFER_STALLED', artifact: 'TRANSFER_STALLED', heals: true, flags: ['--timeout', '1s'] }
const ENCODED = { index: 'INDEX_UNREADABLE', artifact: 'ANSWER_REFUSED' }

const ROWS: readonly Row[] = [
  ...both('status 500', faults.status(500), UNREACHABLE),
  ...both('status 503 with Retry-After', faults.status(503, { retryAfter: 0 }), UNREACHABLE),
  ...both('status 429 with a negative Retry-After', faults.status(429, { retryAfter: -5 }), UNREACHABLE),
  ...both('status 401', faults.status(401), { index: 'CHANNEL_FORBIDDEN', artifact: 'CHANNEL_FORBIDDEN' }),
  ...both('status 418', faults.status(418), REFUSED),
  ...both('no content', faults.noContent(), REFUSED),
  ...both('a part that nobody asked for', faults.partialUnasked(), REFUSED),
  ...both('a login page', faults.htmlPage(), WRONG_SIZE),
  ...both('a JSON error', faults.jsonError(), WRONG_SIZE),
  ...both('a cut body', faults.truncate(), UNREACHABLE),
  ...both('a cut chunked body', faults.truncateChunked(), UNREACHABLE),
  ...both('half a body without a length', faults.noLength(), WRONG_SIZE),
  ...both('a reset in the body', faults.reset(), UNREACHABLE),
  ...both('a reset before the head', faults.resetBeforeHead(), UNREACHABLE),
  ...both('a flipped bit', faults.flipByte(), { ...WRONG_BYTES, index: 'INDEX_MALFORMED' }),
  ...both('other bytes of the same size', faults.sameSize(), WRONG_BYTES),
  ...both('extra bytes', faults.extraBytes(3), WRONG_SIZE),
  ...both('an endless body', faults.endless(), WRONG_SIZE),
  ...both('a negative length', faults.declareLength(['-1']), REFUSED),
  ...both('two lengths', faults.declareLength(['10', '11']), REFUSED),
  ...both('a length that is too long', faults.declareLength(['+10*']), { ...UNREACHABLE, artifact: 'SIZE_MISMATCH' }),
  ...both('a length that is too short', faults.declareLength(['-10*']), { index: 'ANSWER_REFUSED', artifact: 'SIZE_MISMATCH' }),
  ...both('a claimed encoding', faults.claimEncoding('gzip'), ENCODED),
  ...both('gzip that nobody asked for', faults.gzip(), ENCODED),
  ...both('a gzip bomb', faults.gzipBomb(20_000_000), ENCODED),
  ...both('a header without end', faults.hugeHeader(), REFUSED),
  ...both('a redirect to a file', faults.redirect('file:///etc/passwd'), REDIRECTED),
  ...both('a redirect to the metadata of a cloud', faults.redirect('http://169.254.169.254/latest/'), REDIRECTED),
  ...both('redirects in a circle', faults.redirectLoop(), REDIRECTED),
  ...both('too many redirects', faults.redirectHops(40), REDIRECTED),
  ...both('silence', faults.silence(), STALLED),
  ...both('a body that stalls', faults.stall({ fraction: 0.5 }), STALLED),
  { name: 'status 304, unasked', where: 'artifact', fault: faults.notModified(), code: 'ANSWER_REFUSED', heals: false },
  { name: 'status 403', where: 'artifact', fault: faults.status(403), code: 'CHANNEL_FORBIDDEN', heals: false },
  { name: 'status 404', where: 'artifact', fault: faults.status(404), code: 'ARTIFACT_MISSING', heals: false },
  { name: 'status 410', where: 'artifact', fault: faults.status(410), code: 'ARTIFACT_MISSING', heals: false },
]

/** Odd, but nothing is wrong with what comes. */
const HARMLESS: readonly (readonly [name: string, fault: Fault])[] = [
  ['another ETag each time', faults.changeEtag()],
  ['weak ETags', faults.weakEtag()],
  ['no validators', faults.noValidators()],
  ['ranges ignored', faults.ignoreRange()],
  ['a wrong Content-Range', faults.wrongContentRange()],
  ['some interim answers', faults.interimFlood(10)],
  ['connections that close behind each answer', faults.closeIdle()],
  ['a slow body', faults.slow(100_000)],
  ['a few redirects', faults.redirectHops(3)],
  ['a whole body without a length', faults.noLength({ fraction: 1 })],
]

interface Scene extends AsyncDisposable {
  readonly server: ChannelServer
  readonly argv: readonly string[]
  /** The mirror's public files. */
  readonly digest: () => Promise<Readonly<Record<string, string>>>
  /** Whether the mirror is complete, and has what upstream moved on to. */
  readonly findProblems: () => Promise<readonly string[]>
}

/** A mirror that is up to date with an upstream that has just moved on. */
async function setScene(folder: string, run: (argv: readonly string[]) => Promise<Ran>, flags: readonly string[] = []): Promise<Scene> {
  const upstream = join(folder, 'up')
  const mirror = join(folder, 'm/team')
  await buildChannel({ subdirs: { noarch: [{ name: 'alpha' }], 'linux-64': [{ name: 'gamma', size: 30_000 }] }, index: { variants: ['zst'] } }, upstream)
  const server = await serveChannel(upstream, { mount: '/team/' })
  const argv = ['sync', '-c', server.url, '--mirror-dir', 'm', '-p', 'linux-64', '--json', ...flags]
  const { exitCode, stdout } = await run(argv)
  if (exitCode !== 0) throw new Error(`The first sync failed: ${stdout}`)
  await changeChannel(upstream, { add: { 'linux-64': [{ name: 'zeta', size: 5000 }] } })
  return {
    server,
    argv,
    digest: () => digestPublic(mirror),
    findProblems: async () => {
      const read = (root: string): Promise<Buffer> => readFile(join(root, 'linux-64/repodata.json'))
      const isSame = (await read(upstream)).equals(await read(mirror))
      return [...(await checkMirror(mirror)).problems, ...(isSame ? [] : ['the index is not upstream\'s'])]
    },
    [Symbol.asyncDispose]: () => server.close(),
  }
}

describe.concurrent('mirror sync and an upstream that misbehaves', { timeout: 120_000 }, () => {
  for (const { name, where, fault, code, flags = [] } of ROWS) {
    test(`${name} for the ${where}, on and on: ${code}, and the mirror stays as it was`, async ({ expect, folder, run }) => {
      await using scene = await setScene(folder, run, flags)
      const before = await scene.digest()
      const active = scene.server.misbehave({ path: PATHS[where], fault })

      const ran = await run(scene.argv)

      expect(active.hits).toBeGreaterThan(0)
      const { held, failed } = outcomeOf(ran)
      expect({ exitCode: ran.exitCode, held: held.map((item) => item.code), failed: failed.map((item) => item.code) })
        .toEqual({ exitCode: 3, held: [where === 'index' ? code : 'ARTIFACTS_FAILED'], failed: where === 'index' ? [] : [code] })
      for (const { reason } of [...held, ...failed]) expect(reason).toMatch(/^Cannot .+: ./s)
      expect(held[0]?.hint).toMatch(/\.$/)
      expect(await scene.digest()).toEqual(before)
      active.stop()
      expect(await run(scene.argv)).toMatchObject({ exitCode: 0 })
      expect(await scene.findProblems()).toEqual([])
    })
  }

  for (const { name, where, fault, flags = [] } of ROWS.filter(({ heals }) => heals)) {
    test(`${name} for the ${where}, once: complete in the same run`, async ({ expect, folder, run }) => {
      await using scene = await setScene(folder, run, flags)
      const active = scene.server.misbehave({ path: PATHS[where], fault, times: 1 })

      const ran = await run(scene.argv)

      expect(active.hits).toBe(1)
      expect({ exitCode: ran.exitCode, ...outcomeOf(ran) }).toMatchObject({ exitCode: 0, held: [], failed: [] })
      expect(await scene.findProblems()).toEqual([])
    })
  }

  test.for(HARMLESS)('%s: complete', async ([, fault], { expect, folder, run }) => {
    await using scene = await setScene(folder, run)
    const active = scene.server.misbehave({ fault })

    const ran = await run(scene.argv)

    expect(active.hits).toBeGreaterThan(1)
    expect({ exitCode: ran.exitCode, ...outcomeOf(ran) }).toMatchObject({ exitCode: 0, held: [], failed: [] })
    expect(await scene.findProblems()).toEqual([])
  })

  test('status 404 for the whole subdir: refused by a guard, exit code 4, and the mirror stays as it was', async ({ expect, folder, run }) => {
    await using scene = await setScene(folder, run)
    const before = await scene.digest()
    scene.server.misbehave({ path: /\/linux-64\//, fault: faults.status(404) })

    const ran = await run(scene.argv)

    expect(ran.exitCode).toBe(4)
    expect(outcomeOf(ran).verdicts).toMatchObject([{ guard: 'vanished', message: expect.stringMatching(/^Cannot accept .+: ./) }])
    expect(await scene.digest()).toEqual(before)
  })
})
