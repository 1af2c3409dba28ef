import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDigest, parseSubdirName } from '@mirror/core'
import { createCertificate, createGate } from '@mirror/test-fixtures'
import { describe, type ExpectStatic, test as base } from 'vitest'
import { allowedStates, atEveryCall, type EveryCallOptions, seenFiles, type Stage } from './every-call.ts'
import { type Flow, FLOWS } from './flows.ts'
import { countReads, emptyArtifact, untilSteady } from './large-and-empty.ts'
import { type ArtifactMaker, createArtifactMaker } from './made-artifacts.ts'
import type { SeenFile, ServerFault, ServerUnderTest, TargetSetUp } from './server-under-test.ts'
import { createWatch, type Watch } from './watched-target.ts'

const SUBDIR = parseSubdirName('linux-64')
const LARGE = 30_000_000
/** What the kernel and a stream may hold of a body that nobody takes: buffers of sockets on both sides (4 MiB each at most by default) and a few chunks. */
const LARGEST_HELD = 12_000_000
const MANY = 16
/** Not a measure of anything: only what hangs shall end. */
const LONGEST = 60_000

interface Fixtures {
  readonly maker: ArtifactMaker
  readonly server: ServerUnderTest
  readonly watch: Watch
  readonly every: EveryCallOptions
}

/** What every upload target promises, against the double of its server. Each promise is tried at every call that an honest run makes. */
export function describeTarget(name: string, setUp: TargetSetUp): void {
  const test = base.extend<Fixtures>({
    maker: [async ({}, use) => {
      const maker = await createArtifactMaker()
      await use(maker)
      await maker.close()
    }, { scope: 'file' }],
    server: async ({}, use) => {
      await using server = await setUp.start()
      await use(server)
    },
    watch: async ({}, use) => {
      const watch = createWatch(setUp)
      await use(watch)
      await watch.close()
    },
    every: async ({ maker, watch }, use) => {
      await use({ setUp, watch, artifacts: { ours: await maker.make({ name: 'foo', depends: ['python >=3'] }), other: await maker.make({ name: 'foo', salt: 'other' }) } })
    },
  })

  describe(`${name}: what it does`, { timeout: LONGEST }, () => {
    test('takes a new artifact, tells of it, lists it, and removes it', async ({ expect, server, watch, maker }) => {
      const made = await maker.make({ name: 'foo' })
      const target = watch.open(server)
      await target.check()
      expect((await target.list(SUBDIR)).count).toBe(0)
      expect(await target.look(made.artifact)).toEqual({ status: 'absent' })
      expect(await target.upload(made)).toEqual({ status: 'uploaded' })
      expect(server.files()).toEqual(seenFiles([made]))
      expect(await target.look(made.artifact)).toMatchObject({ status: 'present', bytes: 'same' })
      const listed = await target.list(SUBDIR)
      expect([listed.count, listed.at(0)]).toEqual([1, made.artifact])
      expect(await target.remove(made.artifact)).toBe('removed')
      expect(await target.remove(made.artifact)).toBe('absent')
      expect(server.files()).toEqual([])
      expect(await target.look(made.artifact)).toEqual({ status: 'absent' })
      expect((await target.list(SUBDIR)).count).toBe(0)
      expect(server.refused()).toEqual([])
    })

    test('takes the same again as what is there already', async ({ expect, server, watch, maker }) => {
      const made = await maker.make({ name: 'foo' })
      expect(await watch.open(server).upload(made)).toEqual({ status: 'uploaded' })
      for (const replace of [false, true]) expect(await watch.open(server).upload({ ...made, replace })).toEqual({ status: 'present' })
      expect([server.files(), server.refused()]).toEqual([seenFiles([made]), []])
    })

    test('keeps other bytes under a name that is taken, and replaces them when told so', async ({ expect, server, watch, every: { artifacts: { ours, other } } }) => {
      const target = watch.open(server)
      await target.upload(other)
      expect(await target.upload(ours)).toEqual({ status: 'conflict', digest: createDigest('sha256', other.sha256) })
      expect(await target.look(ours.artifact)).toMatchObject({ status: 'present', bytes: 'other' })
      expect(server.files()).toEqual(seenFiles([other]))
      expect(await target.upload({ ...ours, replace: true })).toEqual({ status: 'replaced' })
      expect([server.files(), server.refused()]).toEqual([seenFiles([ours]), []])
    })

    test('files names with + and !', async ({ expect, server, watch, maker }) => {
      for (const format of ['conda', 'tar.bz2'] as const) {
        const made = await maker.make({ name: 'c++', version: '1!2.0+local', build: 'h_0', format })
        const target = watch.open(server)
        expect(await target.upload(made)).toEqual({ status: 'uploaded' })
        expect([server.files(), await target.upload(made)]).toEqual([seenFiles([made]), { status: 'present' }])
        expect((await target.list(SUBDIR)).at(0)).toEqual(made.artifact)
        expect([await target.remove(made.artifact), server.files(), server.refused()]).toEqual(['removed', [], []])
      }
    })

    test('takes sixteen artifacts of one package at once', async ({ expect, server, watch, maker }) => {
      const target = watch.open(server)
      const all = await Promise.all(Array.from({ length: MANY }, async (_, index) => await maker.make({ name: 'many', version: `1.${index % 4}`, build: String(index) })))
      expect(new Set((await Promise.all(all.map(async (made) => await target.upload(made)))).map(({ status }) => status))).toEqual(new Set(['uploaded']))
      expect(server.files().toSorted(byPath)).toEqual(seenFiles(all).toSorted(byPath))
      expect(server.refused()).toEqual([])
    })

    test('takes one artifact sixteen times at once as one', async ({ expect, server, watch, maker }) => {
      const made = await maker.make({ name: 'foo' })
      const targets = [watch.open(server), watch.open(server)]
      const outcomes = await Promise.all(Array.from({ length: MANY }, async (_, index) => await targets[index % 2]?.upload(made)))
      const uploaded = outcomes.filter((outcome) => outcome?.status === 'uploaded').length
      if (setUp.overwrites !== true) expect(uploaded).toBe(1)
      expect(outcomes.filter((outcome) => outcome?.status === 'present')).toHaveLength(MANY - uploaded)
      expect([server.files(), server.refused()]).toEqual([seenFiles([made]), []])
    })

    test(`ends in ${setUp.emptyFile} for a file without a byte`, async ({ expect, server, watch }) => {
      await using empty = await emptyArtifact()
      const settled = await watch.settle(watch.open(server).upload(empty.made))
      expect('value' in settled ? settled.value.status : settled.error.code).toBe(setUp.emptyFile)
      expect(server.files()).toEqual(setUp.emptyFile === 'uploaded' ? seenFiles([empty.made]) : [])
    })

    test('holds little of a large artifact', async ({ expect, server, watch, maker }) => {
      const made = await maker.make({ name: 'large', size: LARGE })
      const gate = createGate()
      server.misbehave({ kind: setUp.bytesCall, times: 1, fault: { do: 'wait', gate } })
      const { file, bytesRead } = countReads(made.file)
      const target = watch.open(server)
      const uploading = target.upload({ ...made, file })
      await gate.reached
      await untilSteady(bytesRead)
      const held = bytesRead()
      gate.open()
      expect(await uploading).toEqual({ status: 'uploaded' })
      expect(held).toBeLessThan(LARGEST_HELD)
      expect(watch.events.filter((event) => event.type === 'target-retry')).toEqual([])
      expect(sumSent(watch)).toBeGreaterThan(LARGE)
      expect([server.files(), server.refused()]).toEqual([seenFiles([made]), []])
    })
  })

  describe(`${name}: when a call goes wrong once`, { timeout: LONGEST }, () => {
    const faults = (server: ServerUnderTest): readonly ServerFault[] => [
      { do: 'status', status: 500, error: `not for ${server.secrets[0]}` }, { do: 'status', status: 429, headers: { 'retry-after': '0' } }, { do: 'reset' }, { do: 'lose-answer' },
    ]
    for (const flow of FLOWS) {
      for (const [index, what] of ['an error of the server', 'a limit of the server', 'a lost connection', 'a lost answer'].entries()) {
        test(`${flow.name} comes to its end after ${what}`, async ({ expect, every }) => {
          await atEveryCall(flow, every, async ({ server, at, misbehave, run }) => {
            const fault = faults(server)[index]
            if (fault !== undefined) misbehave(fault, 1)
            const earlier = every.watch.events.length
            expect(await run(), at).toBe(flow.outcome)
            expect([server.files(), server.refused()], at).toEqual([seenFiles(flow.after(every.artifacts)), []])
            expect(every.watch.events.slice(earlier).filter(({ type }) => type === 'target-retry'), at).toMatchObject([{ attempt: 1, doing: expect.any(String) }])
          })
        })
      }
    }
  })

  describe(`${name}: when a call goes wrong for good`, { timeout: LONGEST }, () => {
    for (const flow of FLOWS) {
      for (const fault of [{ do: 'status', status: 500, error: 'no' }, { do: 'reset' }, { do: 'lose-answer' }] as const) {
        test(`${flow.name} ends by name or comes to its end (${fault.do}), and so does the next run`, async ({ expect, every }) => {
          await atEveryCall(flow, every, async ({ server, at, misbehave, run }) => {
            misbehave(fault)
            const settled = await every.watch.settle(run())
            if ('value' in settled) expect([settled.value, server.files()], at).toEqual([flow.outcome, seenFiles(flow.after(every.artifacts))])
            else expect(settled.error, at).toMatchObject({ code: 'TARGET_UNREACHABLE', details: { tries: 5 } })
            expect(allowedStates(flow, every.artifacts), at).toContainEqual(server.files())
            expect(server.refused(), at).toEqual([])
            await completes({ every, flow, server, at, run, expect })
          })
        })
      }

      test(`${flow.name} takes no other status for a success`, async ({ expect, every }) => {
        for (const status of [202, 204, 304, 400, 404, 405, 409, 410, 422]) {
          await atEveryCall(flow, every, async ({ server, at: call, misbehave, run }) => {
            const at = `${call}, ${status}`
            misbehave({ do: 'status', status, error: `${server.secrets[0]} is it` })
            const settled = await every.watch.settle(run())
            const came = 'value' in settled ? settled.value : settled.error.code
            if (!('value' in settled)) expect(['TARGET_REFUSED', 'TARGET_NOT_FOUND'], `${at}: ${settled.error.stack}`).toContain(came)
            if (came === 'uploaded' || came === 'replaced' || came === 'present') expect(server.files(), at).toEqual(seenFiles([every.artifacts.ours]))
            if (came === 'removed') expect(server.files(), at).toEqual([])
            // Nothing else was there, it said.
            if (setUp.overwrites === true && status === 404 && came === 'uploaded') return
            expect(allowedStates(flow, every.artifacts), at).toContainEqual(server.files())
            expect(server.refused(), at).toEqual([])
            await completes({ every, flow, server, at, run, expect })
          })
        }
      })

      test(`${flow.name} follows no redirect`, async ({ expect, every }) => {
        await atEveryCall(flow, every, async ({ server, at, place, misbehave, run }) => {
          await using elsewhere = await startElsewhere()
          const [secret = ''] = server.secrets
          if (setUp.readingCalls?.includes(place.kind) === true) {
            misbehave({ do: 'status', status: 307, headers: { location: `${elsewhere.url}/x` } })
            await every.watch.settle(run())
            expect([elsewhere.requests.length > 0, elsewhere.headers().includes(secret), server.refused()], at).toEqual([true, false, []])
            expect(allowedStates(flow, every.artifacts), at).toContainEqual(server.files())
            return
          }
          misbehave({ do: 'status', status: 307, headers: { location: `${elsewhere.url}/${secret}/t/${secret}/?key=${secret}` } })
          expect(await every.watch.failureOf(run()), at).toMatchObject({ code: 'TARGET_REFUSED', message: expect.stringContaining('leads elsewhere') })
          expect([elsewhere.requests, server.refused()], at).toEqual([[], []])
          expect(allowedStates(flow, every.artifacts), at).toContainEqual(server.files())
        })
      })

      test(`${flow.name} ends by name when the credential is taken away, and a good one completes it`, async ({ expect, every }) => {
        await atEveryCall(flow, every, async ({ server, at, place, misbehave, run }) => {
          misbehave({ do: 'call', callback: server.revoke }, 1)
          const settled = await every.watch.settle(run())
          if (!('value' in settled)) expect(settled.error, at).toMatchObject({ code: 'TARGET_FORBIDDEN', hint: expect.stringContaining('Log in.') })
          else expect([setUp.openCalls?.includes(place.kind), settled.value], at).toEqual([true, flow.outcome])
          expect(allowedStates(flow, every.artifacts), at).toContainEqual(server.files())
          server.reset()
          await using good = every.watch.open(server, { credential: server.spare })
          await completes({ every, flow, server, at, expect, run: async () => await flow.run(good, every.artifacts) })
        })
      })

      test(`${flow.name} is stopped at any call, and the next run completes it`, async ({ expect, every }) => {
        await atEveryCall(flow, every, async ({ server, at, misbehave, run }) => {
          const controller = new AbortController()
          const reason = new Error('stopped by the test')
          misbehave({ do: 'call', callback: () => controller.abort(reason) }, 1)
          expect(await every.watch.failureOf(run(controller.signal)), at).toBe(reason)
          expect(allowedStates(flow, every.artifacts), at).toContainEqual(server.files())
          await completes({ every, flow, server, at, run, expect })
        })
      })

      test(`${flow.name} does nothing when it was stopped before`, async ({ expect, every }) => {
        await atEveryCall(flow, every, async ({ server, at, run }) => {
          const reason = new Error('stopped by the test')
          expect(await every.watch.failureOf(run(AbortSignal.abort(reason))), at).toBe(reason)
          expect([server.calls(), server.files()], at).toEqual([[], seenFiles(flow.before(every.artifacts))])
        })
      })
    }
  })

  describe(`${name}: who it talks to`, { timeout: LONGEST }, () => {
    test('says how to log in without a credential, or with a wrong one', async ({ expect, server, watch }) => {
      server.revoke()
      for (const options of [{}, { credential: undefined }]) {
        expect(await watch.failureOf(watch.open(server, options).check())).toMatchObject({ code: 'TARGET_FORBIDDEN', hint: expect.stringContaining('Log in.') })
      }
    })

    test('is TARGET_UNREACHABLE where nobody listens, and TARGET_NOT_FOUND or TARGET_REFUSED for a channel that is not there', async ({ expect, server, watch }) => {
      const nobody = watch.open(server, { url: 'http://127.0.0.1:1/api' })
      expect(await watch.failureOf(nobody.check())).toMatchObject({ code: 'TARGET_UNREACHABLE' })
      expect(await watch.failureOf(watch.open(server, { channel: 'nowhere' }).check())).toMatchObject({ code: expect.stringMatching(/^TARGET_(?:NOT_FOUND|REFUSED)$/), hint: expect.any(String) })
    })

    for (const fault of [{ do: 'status', status: 500, error: 'no' }, { do: 'status', status: 403, error: 'no' }, { do: 'reset' }, { do: 'lose-answer' }] as const) {
      test(`fails to list by name, without a secret (${'status' in fault ? fault.status : fault.do})`, async ({ expect, server, watch, maker }) => {
        const target = watch.open(server)
        await target.upload(await maker.make({ name: 'foo' }))
        server.misbehave({ kind: 'GET channel', fault })
        server.misbehave({ kind: 'HEAD channel', fault })
        expect((await watch.failureOf(target.list(SUBDIR))).code).toMatch(/^CHANNEL_/)
      })
    }

    test('names no secret of its URL', async ({ expect, server, watch }) => {
      const target = watch.open(server, { url: server.url.replace('://', '://user:hunter2@') })
      expect(target.name).not.toContain('hunter2')
      await watch.settle(target.check())
      expect(watch.told()).not.toContain('hunter2')
    })

    test('trusts a certificate by its authority, or when told to trust any, and else none', async ({ expect, watch, maker, skip }) => {
      const folder = await mkdtemp(join(tmpdir(), 'target-tls-'))
      const certificate = await createCertificate(folder)
      await rm(folder, { recursive: true })
      if (certificate === undefined) return skip('there is no openssl')
      await using server = await setUp.start({ tls: certificate })
      const made = await maker.make({ name: 'foo' })
      expect(await watch.failureOf(watch.open(server).check())).toMatchObject({ code: 'CERTIFICATE_REFUSED' })
      expect(await watch.failureOf(watch.open(server).upload(made))).toMatchObject({ code: 'CERTIFICATE_REFUSED' })
      expect(server.calls()).toEqual([])
      expect(await watch.open(server, { ca: certificate.cert }).upload(made)).toEqual({ status: 'uploaded' })
      const careless = watch.open(server, { insecure: true })
      expect([await careless.upload(made), (await careless.list(SUBDIR)).count, server.refused()]).toEqual([{ status: 'present' }, 1, []])
    })
  })
}

interface Completion extends Pick<Stage, 'server' | 'at' | 'run'> {
  readonly every: EveryCallOptions
  readonly flow: Flow
  readonly expect: ExpectStatic
}

/** What the next run may come to, where the one before may have got to its end unseen. */
const NEXT: Readonly<Record<string, readonly string[]>> = { uploaded: ['uploaded', 'present'], replaced: ['replaced', 'uploaded', 'present'], removed: ['removed', 'absent'] }

/** Nothing stands in the way of the next run. */
async function completes({ every, flow, server, at, run, expect }: Completion): Promise<void> {
  server.reset()
  expect(NEXT[flow.outcome] ?? [flow.outcome], at).toContain(await run())
  expect([server.files(), server.refused()], at).toEqual([seenFiles(flow.after(every.artifacts)), []])
}

/** A server where nobody has any business. */
async function startElsewhere(): Promise<AsyncDisposable & { readonly url: string; readonly requests: readonly string[]; readonly headers: () => string }> {
  const requests: string[] = []
  const headers: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    headers.push(...request.rawHeaders)
    response.end()
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, requests, headers: () => headers.join('\n'), [Symbol.asyncDispose]: async () => await new Promise((resolve) => void server.close(() => resolve())) }
}

function byPath(left: SeenFile, right: SeenFile): number {
  return left.path < right.path ? -1 : 1
}

function sumSent({ events }: Watch): number {
  return events.reduce((sum, event) => sum + (event.type === 'bytes-sent' ? event.bytes : 0), 0)
}
