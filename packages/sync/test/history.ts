import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { createZstdDecompress } from 'node:zlib'
import { parseSubdirName } from '@mirror/core'
import { type CheckedMirror, checkMirror } from '@mirror/test-fixtures'
import { DATA, type RealIndex, type RealRecord, recordsOf } from './real-data.ts'
import { type Run, runSync } from './run-sync.ts'

const ARCHIVE = join(DATA, 'repodata/history.tar.zst')
const BLOCK = 512
const SUBDIR = /-((?:linux|osx|win)-[a-z0-9]+|noarch)(?:-\d{4})?$/
/** All made artifacts have this size, so that the sizes in an index can be set without taking it apart. */
const MADE_SIZE = 64

/** Whether real histories are at hand. */
export const hasHistory: boolean = existsSync(ARCHIVE)

/** One state of one subdir's index. */
export interface HistoryState {
  /** Its file in the archive, such as `jancaha-linux-64/033-2025-06-25.json`. */
  readonly name: string
  readonly subdir: string
  readonly date: string
  readonly bytes: Buffer
}

/** States of one channel, oldest first, whatever their subdir. */
export interface History {
  readonly channel: string
  readonly states: readonly HistoryState[]
}

/** What changed from one state to the next, by names and digests. */
export interface Difference {
  readonly add: readonly string[]
  readonly remove: readonly string[]
  readonly reused: readonly string[]
  readonly relisted: readonly string[]
}

/** What came of one step. */
export interface HistoryStep {
  readonly state: HistoryState
  readonly run: Run
  readonly difference: Difference
  /** Paths of artifacts that were asked for, and of indexes with the status, each sorted. */
  readonly artifactRequests: readonly string[]
  readonly indexRequests: readonly string[]
  /** Whether the mirror has the index that upstream serves, byte for byte. */
  readonly sameIndex: boolean
  readonly checked: CheckedMirror
}

/** Reads the states of the named channels, or of all. */
export async function readHistories(wanted?: readonly string[]): Promise<readonly History[]> {
  const channels = new Map<string, HistoryState[]>()
  for await (const [path, bytes] of readTar(createReadStream(ARCHIVE).pipe(createZstdDecompress()))) {
    const [, series = '', file = ''] = /([^/]+)\/([^/]+)\.json$/.exec(path) ?? []
    const subdir = SUBDIR.exec(series)?.[1]
    if (subdir === undefined) continue
    // An older series of the same subdir is a channel of its own.
    const channel = /-\d{4}$/.test(series) ? series : series.slice(0, -subdir.length - 1)
    if (wanted?.includes(channel) === false) continue
    const states = channels.get(channel) ?? []
    channels.set(channel, states)
    states.push({ name: `${series}/${file}.json`, subdir, date: file.slice(4), bytes })
  }
  return [...channels].map(([channel, states]) => ({ channel, states: states.toSorted(compareStates) })).toSorted((left, right) => (left.channel < right.channel ? -1 : 1))
}

function compareStates(left: HistoryState, right: HistoryState): number {
  const order = (state: HistoryState): string => `${state.date} ${state.name}`
  return order(left) < order(right) ? -1 : 1
}

/** Regular files of a tar archive with short names, which this one is. */
async function* readTar(stream: AsyncIterable<Buffer>): AsyncGenerator<readonly [path: string, bytes: Buffer]> {
  const source = createBlockSource(stream)
  for (let block = await source.take(BLOCK); block !== undefined && block[0] !== 0; block = await source.take(BLOCK)) {
    const header = block
    const text = (start: number, end: number): string => header.toString('latin1', start, end).replace(/\0.*$/s, '')
    const size = Number.parseInt(text(124, 136), 8)
    const content = await source.take(Math.ceil(size / BLOCK) * BLOCK)
    if (content === undefined) throw new RangeError(`${ARCHIVE} is cut off`)
    if (['0', ''].includes(text(156, 157))) yield [text(0, 100), Buffer.from(content.subarray(0, size))]
  }
}

/** Hands out so many bytes of a stream at a time; undefined at its end. */
function createBlockSource(stream: AsyncIterable<Buffer>): { readonly take: (count: number) => Promise<Buffer | undefined> } {
  const chunks = stream[Symbol.asyncIterator]()
  let pending: Buffer = Buffer.alloc(0)
  return {
    take: async (count) => {
      const parts = [pending]
      let length = pending.length
      while (length < count) {
        const next = await chunks.next()
        if (next.done === true) return undefined
        parts.push(next.value)
        length += next.value.length
      }
      const all = parts.length === 1 ? pending : Buffer.concat(parts)
      pending = all.subarray(count)
      return all.subarray(0, count)
    },
  }
}

const digestOf = (algorithm: 'md5' | 'sha256', bytes: Buffer): string => createHash(algorithm).update(bytes).digest('hex')

/** Stands for the real artifact with this digest. */
function makeArtifact(record: RealRecord): Buffer {
  return Buffer.from((record.md5 ?? record.sha256 ?? '').padEnd(MADE_SIZE, '.'))
}

interface MadeState {
  readonly index: Buffer
  readonly artifacts: ReadonlyMap<string, Buffer>
}

/** The state with the sizes and digests of made artifacts; nothing else of it changes. */
function makeState({ bytes }: HistoryState): MadeState {
  const text = bytes.toString('utf8')
  const digests = new Map<string, string>()
  const artifacts = new Map<string, Buffer>()
  for (const [name, record] of recordsOf(JSON.parse(text) as RealIndex)) {
    const made = makeArtifact(record)
    artifacts.set(name, made)
    for (const algorithm of ['md5', 'sha256'] as const) {
      const digest = record[algorithm]
      if (digest !== undefined) digests.set(digest, digestOf(algorithm, made))
    }
  }
  const index = text
    .replaceAll(/("size"\s*:\s*)\d+/g, `$1${MADE_SIZE}`)
    .replaceAll(/("(?:sha256|md5)"\s*:\s*")([0-9a-f]+)"/g, (_all, start: string, digest: string) => `${start}${digests.get(digest) ?? digest}"`)
  return { index: Buffer.from(index), artifacts }
}

/** How two states differ, found without any code of the product. */
export function findDifference(before: Buffer | undefined, after: Buffer): Difference {
  const old = before === undefined ? new Map<string, RealRecord>() : recordsOf(JSON.parse(before.toString()) as RealIndex)
  const now = recordsOf(JSON.parse(after.toString()) as RealIndex)
  const both = [...now.keys()].filter((name) => old.has(name))
  const isReused = (name: string): boolean => {
    const [left, right] = [old.get(name), now.get(name)]
    return left?.sha256 !== undefined && right?.sha256 !== undefined ? left.sha256 !== right.sha256 : left?.md5 !== right?.md5
  }
  return {
    add: [...now.keys()].filter((name) => !old.has(name)).toSorted(),
    remove: [...old.keys()].filter((name) => !now.has(name)).toSorted(),
    reused: both.filter(isReused).toSorted(),
    relisted: both.filter((name) => !isReused(name) && JSON.stringify(old.get(name)) !== JSON.stringify(now.get(name))).toSorted(),
  }
}

interface Upstream extends AsyncDisposable {
  readonly url: string
  readonly publish: (state: HistoryState) => { readonly before: Buffer | undefined; readonly after: Buffer }
  readonly indexOf: (subdir: string) => Buffer | undefined
  /** What was asked for since the last call: `GET path status`. */
  readonly takeRequests: () => readonly string[]
}

interface Published {
  readonly made: MadeState
  readonly etag: string
  readonly modified: string
}

/** A server of the newest published state of each subdir, and of the artifacts that it lists; nothing else is there. */
async function startUpstream(): Promise<Upstream> {
  const published = new Map<string, Published>()
  let requests: string[] = []
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const [, subdir = '', file = ''] = decodeURIComponent(request.url ?? '').split('/')
    const found = published.get(subdir)
    const body = file === 'repodata.json' ? found?.made.index : found?.made.artifacts.get(file)
    const isUnchanged = file === 'repodata.json' && found !== undefined && request.headers['if-none-match'] === found.etag
    const status = body === undefined ? 404 : isUnchanged ? 304 : 200
    requests.push(`${request.method ?? ''} ${subdir}/${file} ${status}`)
    const validators = file === 'repodata.json' && found !== undefined ? { etag: found.etag, 'last-modified': found.modified } : {}
    response.writeHead(status, { ...validators, ...(status === 200 ? { 'content-length': body?.length } : status === 404 ? { 'content-length': 0 } : {}) })
    response.end(status === 200 ? body : undefined)
  }
  const server = createServer(answer)
  const listening = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', listening.resolve)
  await listening.promise
  const address = server.address()
  if (address === null || typeof address === 'string' || isIP(address.address) === 0) throw new TypeError('The server has no port')
  return {
    url: `http://127.0.0.1:${address.port}/`,
    publish: (state) => {
      const before = published.get(state.subdir)?.made.index
      const made = makeState(state)
      published.set(state.subdir, { made, etag: `"${digestOf('sha256', made.index)}"`, modified: new Date(`${state.date}T00:00:00Z`).toUTCString() })
      return { before, after: made.index }
    },
    indexOf: (subdir) => published.get(subdir)?.made.index,
    takeRequests: () => {
      const taken = requests
      requests = []
      return taken
    },
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>()
      server.close(() => { closed.resolve() })
      server.closeAllConnections()
      await closed.promise
    },
  }
}

/** Publishes state after state, syncs after each, and looks at what came of it. `folder` is empty and stays the caller's. */
export async function* replayHistory(history: History, folder: string): AsyncGenerator<HistoryStep> {
  await using upstream = await startUpstream()
  const mirror = join(folder, 'mirror')
  const subdirs = [...new Set(history.states.map(({ subdir }) => subdir))].map((subdir) => ({ subdir: parseSubdirName(subdir), required: false }))
  for (const state of history.states) {
    const { before, after } = upstream.publish(state)
    const run = await runSync(upstream.url, { folder, mirror }, { subdirs, grace: 0, maximumDeletes: Infinity })
    const requests = upstream.takeRequests()
    const isArtifact = (request: string): boolean => /\.(?:conda|tar\.bz2) \d+$/.test(request)
    yield {
      state,
      run,
      difference: findDifference(before, after),
      artifactRequests: requests.filter(isArtifact).toSorted(),
      indexRequests: requests.filter((request) => !isArtifact(request)).toSorted(),
      sameIndex: after.equals(await readFile(join(mirror, state.subdir, 'repodata.json'))),
      checked: await checkMirror(mirror),
    }
  }
}

/** What the step must have been, and what it was: two values that are equal for a right step. */
export function judgeStep({ state, run, difference, artifactRequests, sameIndex, checked }: HistoryStep): { readonly expected: unknown; readonly found: unknown } {
  const { report } = run
  const { add, remove, reused, relisted } = difference
  const isSame = [add, remove, reused, relisted].every(({ length }) => length === 0)
  const summary = report.subdirs.find(({ subdir }) => subdir === state.subdir)
  return {
    expected: {
      state: state.name, problems: [], extra: [], sameIndex: true, held: [], failed: [], verdicts: [],
      isPublished: true,
      counts: { add: add.length, remove: remove.length, reused: reused.length, relisted: relisted.length },
      requests: [...add, ...reused].map((name) => `GET ${state.subdir}/${name} 200`).toSorted(),
    },
    found: {
      state: state.name, problems: checked.problems, extra: checked.extra, sameIndex, held: report.held, failed: report.failed,
      verdicts: report.verdicts.filter(({ severity }) => severity === 'refuse'),
      isPublished: report.status === 'committed' || (isSame && report.status === 'unchanged'),
      counts: summary === undefined ? undefined : { add: summary.add, remove: summary.remove, reused: summary.reused, relisted: summary.relisted },
      requests: artifactRequests,
    },
  }
}
