import { createDigest, parseArtifactName, parseSubdirName } from '@mirror/core'
import { createGate, type V4Server, type V4ServerOptions } from '@mirror/test-fixtures'
import { describe, test as base } from 'vitest'
import type { UploadTarget, UploadTargetOptions } from '../../../src/index.ts'
import type { TargetApi } from '../../../src/targets/api.ts'
import { distPlace } from '../../../src/targets/anaconda/dist-place.ts'
import { stageDist } from '../../../src/targets/anaconda/stage-calls.ts'
import { atEveryCall } from '../every-call.ts'
import { FLOWS } from '../flows.ts'
import { emptyArtifact, untilSteady } from '../large-and-empty.ts'
import { type ArtifactMaker, createArtifactMaker } from '../made-artifacts.ts'
import { adaptV4, startEggs, V4_SET_UP } from '../v4-set-up.ts'
import { createWatch, type Watch } from '../watched-target.ts'

interface Fixtures {
  readonly maker: ArtifactMaker
  readonly watch: Watch
  readonly server: V4Server
  /** A target of the server. */
  readonly open: (options?: Partial<UploadTargetOptions>, server?: V4Server) => UploadTarget
}

const SUBDIR = parseSubdirName('linux-64')
const NEW_ARTIFACT = FLOWS.filter(({ name }) => name === 'a new artifact')

const test = base.extend<Fixtures>({
  maker: [async ({}, use) => {
    const maker = await createArtifactMaker()
    await use(maker)
    await maker.close()
  }, { scope: 'file' }],
  watch: async ({}, use) => {
    const watch = createWatch(V4_SET_UP)
    await use(watch)
    await watch.close()
  },
  // A server that collects nothing by itself, so that what is left behind is seen.
  server: async ({}, use) => {
    await using server = await startEggs({ keepsEmpty: true })
    await use(server)
  },
  open: async ({ server, watch }, use) => {
    await use((options = {}, other = server) => watch.open(adaptV4(other), options))
  },
})

function countOf({ calls }: V4Server, kind: string): number {
  return calls.filter((call) => call.kind === kind).length
}

/** Somebody else's call. */
async function createPackage(server: V4Server, attributes: Readonly<Record<string, unknown>> & { readonly name: string }): Promise<void> {
  const headers = { 'accept': 'application/json', 'x-binstar-api-version': '1.16.0', 'content-type': 'application/json', 'authorization': `token ${adaptV4(server).secrets[1]}` }
  const body = JSON.stringify({ public: true, publish: false, public_attrs: attributes })
  const { status } = await fetch(`${server.url}/package/eggs/${attributes.name}`, { method: 'POST', headers, body })
  if (status !== 200) throw new TypeError(`it was not made: ${status}`)
}

describe('check()', () => {
  test('tells whom the server takes us for', async ({ expect, open, server }) => {
    expect(await open().check()).toEqual({ user: 'eggs' })
    expect(server.calls.map(({ method, path }) => `${method} ${path}`)).toEqual(['HEAD /', 'GET /user'])
    expect(await open({ channel: 'team' }).check()).toEqual({ user: 'eggs' })
    expect(server.calls.at(-1)).toMatchObject({ method: 'GET', path: '/user/team', status: 200 })
  })

  test('names an account that is not there, and a URL that is no API', async ({ expect, open, watch, server }) => {
    expect(await watch.failureOf(open({ channel: 'nobody' }).check())).toMatchObject({ code: 'TARGET_NOT_FOUND', message: expect.stringContaining('account nobody'), hint: expect.any(String) })
    server.misbehave({ kind: 'HEAD /', fault: { do: 'status', status: 404 } })
    expect(await watch.failureOf(open().check())).toMatchObject({ code: 'TARGET_NOT_FOUND', hint: expect.stringContaining('/api') })
  })
})

test('what the server says beside its answers is told, each once, without the token', async ({ expect, open, watch, server }) => {
  const [token = ''] = adaptV4(server).secrets
  server.misbehave({ kind: 'GET dist', fault: { do: 'status', status: 404, headers: { 'x-anaconda-read-only': 'true', 'conda-token-warning': `${token} ends on Friday` } } })
  const target = open()
  for (const name of ['a', 'b']) await target.look({ subdir: SUBDIR, name: parseArtifactName(`${name}-1-0.conda`), digest: createDigest('md5', '0'.repeat(32)), size: 1 })
  expect(watch.events.filter(({ type }) => type === 'target-notice')).toEqual([
    { type: 'target-notice', message: '*** ends on Friday' }, { type: 'target-notice', message: 'the repository is read-only now' },
  ])
})

describe('remove()', () => {
  test('takes our labels from a file that others have under theirs, and the file itself when nobody else has it', async ({ expect, open, server, maker }) => {
    const made = await maker.make({ name: 'foo' })
    await open({ labels: ['main', 'dev', 'rc'] }).upload(made)
    expect(await open({ labels: ['dev', 'rc'] }).remove(made.artifact)).toBe('removed')
    expect(server.files('eggs')).toMatchObject([{ labels: ['main'] }])
    expect(await open({ labels: ['dev'] }).remove(made.artifact)).toBe('absent')
    expect(await open().remove(made.artifact)).toBe('removed')
    expect(server.files('eggs')).toEqual([])
    expect(server.refused).toEqual([])
  })
})

describe('upload()', () => {
  test('asks for package and release once in a run, as the real client does', async ({ expect, open, server, maker }) => {
    const target = open()
    await target.upload(await maker.make({ name: 'foo' }))
    server.reset()
    await target.upload(await maker.make({ name: 'foo', build: '1' }))
    expect(server.calls.map(({ kind }) => kind)).toEqual(['GET dist', 'POST stage', 'POST storage', 'POST commit'])
  })

  test('makes what was collected again', async ({ expect, open, maker }) => {
    await using server = await startEggs()
    const target = open({}, server)
    const [first, second] = [await maker.make({ name: 'foo' }), await maker.make({ name: 'foo', build: '1' })]
    await target.upload(first)
    // Removed by somebody else: this target still takes the release for one that is there.
    await open({}, server).remove(first.artifact)
    expect([await target.upload(second), server.files('eggs').map(({ basename }) => basename)]).toEqual([{ status: 'uploaded' }, [second.path]])
    expect(server.refused).toEqual([])
  })

  test('gives the labels that are wanted, also to what is there', async ({ expect, open, server, maker }) => {
    const made = await maker.make({ name: 'foo', version: '1!0+x' })
    await open().upload(made)
    expect(await open({ labels: ['main', 'dev', 'rc'] }).upload(made)).toEqual({ status: 'present' })
    expect(server.files('eggs')).toMatchObject([{ labels: ['main', 'dev', 'rc'] }])
    expect(countOf(server, 'POST channels')).toBe(2)
    const next = await maker.make({ name: 'foo', version: '2' })
    const target = open({ labels: ['dev'] })
    expect(await target.upload(next)).toEqual({ status: 'uploaded' })
    expect(server.files('eggs').find(({ basename }) => basename === next.path)?.labels).toEqual(['dev'])
    expect((await target.list(SUBDIR)).count).toBe(2)
    expect((await open().list(SUBDIR)).count).toBe(1)
    expect(server.refused).toEqual([])
  })

  test('makes private packages where it is told so, and lists them', async ({ expect, open, server, maker }) => {
    const made = await maker.make({ name: 'foo' })
    const target = open({ isPublic: false, channel: 'team' })
    expect(await target.upload(made)).toEqual({ status: 'uploaded' })
    expect([server.files('team')[0]?.isPublic, (await target.list(SUBDIR)).at(0)]).toEqual([false, made.artifact])
    expect((await open({ channel: 'team', credential: undefined }).list(SUBDIR)).count).toBe(0)
  })

  test('lists nothing where the URL does not tell where, and looks at everything', async ({ expect, open, maker }) => {
    await using server = await startEggs({ mount: '/' })
    const made = await maker.make({ name: 'foo' })
    const target = open({}, server)
    expect([await target.check(), await target.upload(made)]).toEqual([{ user: 'eggs' }, { status: 'uploaded' }])
    expect([(await target.list(SUBDIR)).count, await target.upload(made), (await target.look(made.artifact))?.status]).toEqual([0, { status: 'present' }, 'present'])
  })

  test('refuses an artifact that says it is another one, or is no conda package, before it makes anything', async ({ expect, open, watch, server, maker }) => {
    const made = await maker.make({ name: 'foo' })
    for (const name of ['bar-1.0-0.conda', 'foo-1.1-0.conda', 'foo-1.0-py3_none_any.whl', 'foo.conda']) {
      const failure = await watch.failureOf(open().upload({ ...made, artifact: { ...made.artifact, name: parseArtifactName(name) } }))
      expect(failure, name).toMatchObject({ code: 'TARGET_REFUSED', hint: expect.any(String) })
    }
    expect([server.packages('eggs'), countOf(server, 'POST package')]).toEqual([{}, 0])
  })

  test('takes nothing away for what cannot be uploaded', async ({ expect, open, watch, server, maker }) => {
    const there = await maker.make({ name: 'empty' })
    await open().upload(there)
    await using empty = await emptyArtifact()
    expect(empty.made.path).toBe(there.path)
    expect(await watch.failureOf(open().upload({ ...empty.made, replace: true }))).toMatchObject({ code: 'ARTIFACT_UNREADABLE', hint: expect.any(String) })
    expect([server.files('eggs').map(({ sha256 }) => sha256), countOf(server, 'DELETE dist')]).toEqual([[there.sha256], 0])
  })

  test('uploads beside wheels of the name, and not into an environment', async ({ expect, open, watch, server, maker }) => {
    await createPackage(server, { name: 'foo', package_types: ['pypi'] })
    await createPackage(server, { name: 'bar', package_types: ['env'] })
    expect(await open().upload(await maker.make({ name: 'foo' }))).toEqual({ status: 'uploaded' })
    expect(await watch.failureOf(open().upload(await maker.make({ name: 'bar' })))).toMatchObject({ code: 'TARGET_REFUSED', message: expect.stringContaining('"env"') })
    expect(server.packages('eggs')).toEqual({ foo: ['1.0'], bar: [] })
  })

  test('sends the bytes once when the connection for the commit is dead, or its answer is lost', async ({ expect, open, server, maker }) => {
    for (const [index, fault] of ([{ do: 'reset' }, { do: 'lose-answer' }, { do: 'status', status: 502 }] as const).entries()) {
      server.reset()
      server.misbehave({ kind: 'POST commit', times: 1, fault })
      const made = await maker.make({ name: 'foo', build: String(index) })
      expect(await open().upload(made)).toEqual({ status: 'uploaded' })
      expect([countOf(server, 'POST stage'), countOf(server, 'POST storage'), countOf(server, 'GET dist')], fault.do).toEqual([1, 1, 2])
    }
    expect(server.refused).toEqual([])
  })

  for (const kind of ['POST package', 'POST release', 'POST stage', 'POST commit']) {
    for (const status of kind === 'POST package' ? [409] : [404, 409]) {
      test(`begins anew when somebody else was faster, or the server collected something (${kind}, ${status})`, async ({ expect, open, server, maker }) => {
        server.misbehave({ kind, times: 1, fault: { do: 'status', status } })
        const made = await maker.make({ name: 'foo' })
        expect(await open().upload(made)).toEqual({ status: 'uploaded' })
        expect([server.files('eggs').map(({ sha256 }) => sha256), server.refused]).toEqual([[made.sha256], []])
      })
    }
  }

  test('announces anew when the announcement is too old', async ({ expect, open, server, maker }) => {
    server.misbehave({ kind: 'POST storage', times: 1, fault: { do: 'call', callback: server.expireStages } })
    expect(await open().upload(await maker.make({ name: 'foo' }))).toEqual({ status: 'uploaded' })
    expect([countOf(server, 'POST stage'), countOf(server, 'POST storage')]).toEqual([2, 2])
  })

  test('says what the storage says when it never takes the bytes, in as many tries as allowed', async ({ expect, open, watch, server, maker }) => {
    server.misbehave({ kind: 'POST storage', fault: { do: 'call', callback: server.expireStages } })
    const failure = await watch.failureOf(open({ retry: { tries: 3 } }).upload(await maker.make({ name: 'foo' })))
    expect(failure).toMatchObject({ code: 'TARGET_REFUSED', message: expect.stringContaining('answered 403: AccessDenied: Invalid according to Policy: Policy expired.') })
    expect([countOf(server, 'POST stage'), server.packages('eggs'), server.refused]).toEqual([3, {}, []])
    server.reset()
    const made = await maker.make({ name: 'foo' })
    const wrong = await watch.failureOf(open({ retry: { tries: 2 } }).upload({ ...made, md5: (await maker.make({ name: 'bar' })).md5 }))
    expect(wrong).toMatchObject({ code: 'TARGET_REFUSED', message: expect.stringContaining('BadDigest') })
  })

  test('sends no bytes unencrypted when the API is encrypted', async ({ expect, maker, watch }) => {
    const reply = { dist_id: '1', post_url: 'http://bucket.example/x?X-Amz-Signature=secret', form_data: {} }
    const api: TargetApi = {
      send: async () => ({ status: 200, header: () => undefined, text: '', json: reply }), repeat: async (_, operation) => await operation(1), refusal: () => new Error('refused'), again: () => new Error('again'),
    }
    const { artifact } = await maker.make({ name: 'foo' })
    const stage = async (url: string) => await stageDist({ api, url, owner: 'eggs', place: distPlace({ url, owner: 'eggs' }, artifact), signal: undefined }, {})
    expect((await stage('http://host/api')).distId).toBe('1')
    const failure = await watch.failureOf(stage('https://host/api'))
    expect([failure.code, failure.message.includes('bucket.example'), failure.message.includes('secret')]).toEqual(['TARGET_REFUSED', true, false])
  })
})

describe('what a failure leaves behind', () => {
  const cases: readonly Partial<V4ServerOptions>[] = [{ keepsEmpty: true }, { keepsEmpty: false }]

  for (const options of cases) {
    for (const flow of NEW_ARTIFACT) {
      const setUp = { ...V4_SET_UP, servers: new Map<string, V4Server>(), start: async () => {
        const server = await startEggs(options)
        setUp.servers.set(server.url, server)
        return adaptV4(server)
      } }

      test(`is nothing that it made, at whatever call it failed (${JSON.stringify(options)})`, async ({ expect, maker, watch }) => {
        const every = { setUp, watch, artifacts: { ours: await maker.make({ name: 'foo' }), other: await maker.make({ name: 'foo', salt: 'other' }) } }
        await atEveryCall(flow, every, async ({ server, at, misbehave, run }) => {
          misbehave({ do: 'status', status: 503 }, 5)
          expect(await watch.failureOf(run()), at).toMatchObject({ code: 'TARGET_UNREACHABLE' })
          expect(setUp.servers.get(server.url)?.packages('eggs'), at).toEqual({})
          expect(server.refused(), at).toEqual([])
        })
      })

      test(`is nothing that it made, at whatever call it was stopped (${JSON.stringify(options)})`, async ({ expect, maker, watch }) => {
        const every = { setUp, watch, artifacts: { ours: await maker.make({ name: 'foo' }), other: await maker.make({ name: 'foo', salt: 'other' }) } }
        await atEveryCall(flow, every, async ({ server, at, misbehave, run }) => {
          const controller = new AbortController()
          misbehave({ do: 'call', callback: () => controller.abort(new Error('stopped by the test')) }, 1)
          await watch.failureOf(run(controller.signal))
          // A server may complete what nobody waits for any more.
          expect(setUp.servers.get(server.url)?.packages('eggs'), at).toEqual(server.files().length > 0 ? { foo: ['1.0'] } : {})
          expect(server.refused(), at).toEqual([])
        })
      })
    }
  }

  for (const kind of ['POST package', 'POST release']) {
    test(`is nothing that it made, though the answer to ${kind} was lost`, async ({ expect, open, watch, server, maker }) => {
      const target = open({ retry: { tries: 2 } })
      const made = await maker.make({ name: 'foo' })
      server.misbehave({ kind, times: 1, fault: { do: 'lose-answer' } })
      server.misbehave({ kind: 'POST stage', fault: { do: 'status', status: 503 } })
      expect(await watch.failureOf(target.upload(made))).toMatchObject({ code: 'TARGET_UNREACHABLE' })
      expect([server.packages('eggs'), server.refused]).toEqual([{}, []])
    })
  }

  test('is what others made, though it is empty', async ({ expect, open, watch, server, maker }) => {
    const made = await maker.make({ name: 'foo' })
    await open().upload(made)
    await open().remove(made.artifact)
    expect(server.packages('eggs')).toEqual({ foo: ['1.0'] })
    server.misbehave({ kind: 'POST stage', fault: { do: 'status', status: 503 } })
    await watch.failureOf(open().upload(made))
    expect(server.packages('eggs')).toEqual({ foo: ['1.0'] })
    await watch.failureOf(open().upload(await maker.make({ name: 'foo', version: '2' })))
    expect(server.packages('eggs')).toEqual({ foo: ['1.0'] })
  })

  test('is a package that others made, without the release that it made in it', async ({ expect, open, watch, server, maker }) => {
    await createPackage(server, { name: 'foo' })
    server.misbehave({ kind: 'POST stage', fault: { do: 'status', status: 503 } })
    await watch.failureOf(open().upload(await maker.make({ name: 'foo' })))
    expect([server.packages('eggs'), countOf(server, 'DELETE release')]).toEqual([{ foo: [] }, 1])
  })

  for (const [what, version, left] of [['release', '1.0', ['1.0']], ['package', '2.0', ['2.0']]] as const) {
    test(`is what others filled in the ${what} that it made`, async ({ expect, open, watch, server, maker }) => {
      const [fails, theirs] = [await maker.make({ name: 'foo' }), await maker.make({ name: 'foo', version, build: '7' })]
      const callback = async (): Promise<void> => void await open().upload(theirs)
      server.misbehave({ kind: 'POST stage', times: 1, fault: { do: 'call', callback } })
      server.misbehave({ kind: 'POST storage', skip: 1, fault: { do: 'status', status: 503 } })
      expect(await watch.failureOf(open({ retry: { tries: 1 } }).upload(fails))).toMatchObject({ code: 'TARGET_UNREACHABLE' })
      expect([server.packages('eggs'), server.files('eggs').map(({ basename }) => basename), server.refused]).toEqual([{ foo: left }, [theirs.path], []])
    })
  }

  test('is what another upload at the same time is about to fill', async ({ expect, open, watch, server, maker }) => {
    const target = open({ retry: { tries: 1 } })
    const [fails, stays] = [await maker.make({ name: 'foo' }), await maker.make({ name: 'foo', build: '1' })]
    const gate = createGate()
    server.misbehave({ kind: 'POST storage', times: 1, fault: { do: 'wait', gate } })
    const staying = target.upload(stays)
    await gate.reached
    server.misbehave({ kind: 'POST stage', times: 1, fault: { do: 'status', status: 503 } })
    expect(await watch.failureOf(target.upload(fails))).toMatchObject({ code: 'TARGET_UNREACHABLE' })
    expect(server.packages('eggs')).toEqual({ foo: ['1.0'] })
    gate.open()
    expect([await staying, server.files('eggs').map(({ basename }) => basename), countOf(server, 'DELETE package')]).toEqual([{ status: 'uploaded' }, [stays.path], 0])
  })

  test('is removed by the last of several that failed, and the next one waits for that', async ({ expect, open, watch, server, maker }) => {
    const target = open({ retry: { tries: 1 } })
    const all = await Promise.all(['1', '2', '3'].map(async (version) => await maker.make({ name: 'foo', version })))
    server.misbehave({ kind: 'POST stage', times: 3, fault: { do: 'status', status: 503 } })
    const gate = createGate()
    server.misbehave({ kind: 'DELETE package', times: 1, fault: { do: 'wait', gate } })
    const failing = all.map(async (made) => await watch.failureOf(target.upload(made)))
    await gate.reached
    const [made] = all
    if (made === undefined) throw new TypeError('nothing was made')
    server.reset()
    const next = target.upload(made)
    await untilSteady(() => server.calls.length)
    expect(server.calls).toEqual([])
    gate.open()
    expect([(await Promise.all(failing)).map(({ code }) => code), await next]).toEqual([['TARGET_UNREACHABLE', 'TARGET_UNREACHABLE', 'TARGET_UNREACHABLE'], { status: 'uploaded' }])
    expect([server.packages('eggs'), server.refused]).toEqual([{ foo: ['1'] }, []])
  })

  test('does not touch the others of sixteen at once, whichever call one of them loses', async ({ expect, open, watch, maker }) => {
    const all = await Promise.all(Array.from({ length: 16 }, async (_, index) => await maker.make({ name: 'many', version: `1.${index % 4}`, build: String(index) })))
    for (const kind of ['GET dist', 'GET package', 'POST package', 'GET release', 'POST release', 'POST stage', 'POST storage', 'POST commit']) {
      await using fresh = await startEggs({ keepsEmpty: true })
      const target = open({ retry: { tries: 1 } }, fresh)
      fresh.misbehave({ kind, times: 1, fault: { do: 'status', status: 503 } })
      const settled = await Promise.all(all.map(async (made) => await watch.settle(target.upload(made))))
      expect([settled.filter((one) => 'value' in one).length, fresh.files('eggs').length, fresh.refused], kind).toEqual([15, 15, []])
      await target.close()
    }
  })
})
