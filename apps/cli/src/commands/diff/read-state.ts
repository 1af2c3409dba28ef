import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isMirrorError, MirrorError, parseChannelUrl, redactUrl } from '@mirror/core'
import { deltaTotals } from '@mirror/delta'
import { type ComparedState, describeDelta, describeGenerations, describeReference, describeTree, findChannels, type FoundChannel, openDelta, type OpenedDelta } from '@mirror/difftar'
import type { CliErrorCode } from '../../error-codes.ts'
import { observeDelta } from '../delta/observe-delta.ts'
import { findNamedState, readOnly } from '../delta/named-state.ts'
import { readReferenceFile } from '../delta/read-bases.ts'
import type { Session } from '../session.ts'
import { describeUpstream, type Upstream } from './describe-upstream.ts'

/** What a word of the command line stands for, before it is opened. */
export type NamedOperand =
  | { readonly kind: 'generation'; readonly text: string }
  | { readonly kind: 'channel'; readonly text: string }
  | { readonly kind: 'reference'; readonly text: string }
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'tarball'; readonly path: string }

const WITH_SCHEME = /^[A-Za-z][A-Za-z0-9+.-]{0,20}:\/\//

/** Tells what a word stands for: by its form, then by what lies there. Throws `STATE_UNKNOWN`. */
export function readOperand({ cwd }: Pick<Session, 'cwd'>, text: string): NamedOperand {
  if (text.startsWith('@')) return { kind: 'generation', text }
  if (WITH_SCHEME.test(text)) return { kind: 'channel', text }
  const path = resolve(cwd, text)
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat?.isDirectory() === true) return { kind: 'folder', path }
  if (stat?.isFile() === true) return startsWithBrace(path) ? { kind: 'reference', text } : { kind: 'tarball', path }
  if (text.endsWith('.tar')) return { kind: 'tarball', path }
  throw new MirrorError<CliErrorCode>('STATE_UNKNOWN', `Cannot compare with ${JSON.stringify(text)}: there is no such file or folder`, { hint: 'Name a folder, the URL of a channel, a reference, a delta, or @NAME for a snapshot or generation.' })
}

/** References are JSON; nothing else that is read here begins so. */
function startsWithBrace(path: string): boolean {
  const fd = openSync(path, 'r')
  try {
    const first = Buffer.alloc(1)
    return readSync(fd, first, 0, 1, 0) === 1 && first.toString() === '{'
  } finally {
    closeSync(fd)
  }
}

/** What has to stay open while states are compared. */
export interface OpenStates extends AsyncDisposable {
  readonly open: (operand: NamedOperand, others: OtherSide) => Promise<ComparedState>
}

/** What the other side tells one that does not know by itself. */
export interface OtherSide {
  /** Channels of folders, for old references, which name folders of another machine. */
  readonly found: readonly FoundChannel[]
  /** The other side, where it is there already, for upstream, which does not list its subdirs. */
  readonly state: ComparedState | undefined
}

/** Opens states of the command line, and closes them together. */
export function createOpenStates(session: Session, upstream: Upstream): OpenStates {
  const deltas: OpenedDelta[] = []
  const openTarball = async (path: string): Promise<ComparedState> => {
    const delta = await openDelta(path)
    if (delta === undefined) throw new MirrorError<CliErrorCode>('STATE_UNKNOWN', `Cannot compare with ${JSON.stringify(path)}: it is an empty delta, which does not say what it leads to`, { hint: 'Nothing changed on the side that made it.' })
    deltas.push(delta)
    const { entries, bytes } = deltaTotals(delta.manifest)
    const observe = observeDelta(session, path)
    observe({ type: 'delta-opened', entries, bytes })
    return await describeDelta(delta, { signal: session.signal, observe })
  }
  return {
    async open(operand, { found, state }) {
      switch (operand.kind) {
        case 'generation': return describeGenerations(operand.text, (await findNamedState(session, operand.text)).readers)
        case 'channel': return await describeUpstream(upstream, parseChannelUrl(operand.text, { channelAlias: session.config.channelAlias, workingDirectory: session.cwd }), state)
        case 'reference': return describeReference(operand.text, await readReferenceFile(session, operand.text, found))
        case 'tarball': return await openTarball(operand.path)
        case 'folder': return await isDelta(session, operand.path) ? await openTarball(operand.path) : await describeTree(operand.path, channelsIn(session, operand.path))
      }
    },
    async [Symbol.asyncDispose]() {
      for (const delta of deltas) await delta[Symbol.asyncDispose]()
    },
  }
}

/** The channels of a folder; of the mirror those that `--channel` names. Throws `STATE_UNKNOWN` where a folder has none, unless it is the mirror itself, which may be empty yet. */
export function channelsIn(session: Session, path: string): readonly FoundChannel[] {
  const only = path === session.config.mirrorDir ? readOnly(session) : undefined
  const found = findChannels(path, () => undefined).filter(({ folder }) => only === undefined || only.has(folder))
  if (found.length > 0 || readdirSync(path).length === 0) return found
  throw new MirrorError<CliErrorCode>('STATE_UNKNOWN', `Cannot compare with ${JSON.stringify(path)}: no channel lies there, and no delta`, { hint: 'Name the folder of a mirror, of a channel, or of a delta.' })
}

/** A delta directory, or a folder with a tarball. A mirror onto which a delta was unpacked has the manifest of it, too, and artifacts that are not in it. */
async function isDelta({ config }: Session, path: string): Promise<boolean> {
  if (!existsSync(join(path, '.conda-delta/manifest.json'))) return findChannels(path, () => undefined).length === 0 && readdirSync(path).some((name) => name.endsWith('.tar'))
  try {
    await using delta = await openDelta(path)
    return delta !== undefined && !hasOthers(path, delta)
  } catch (error) {
    // What is wrong with it is told by whoever opens it; a mirror has other signs.
    if (isMirrorError(error)) return path !== config.mirrorDir && findChannels(path, () => undefined).every(({ root }) => !existsSync(join(root, '.mirror')))
    throw error
  }
}

function hasOthers(path: string, { manifest }: OpenedDelta): boolean {
  return manifest.channels.some(({ folder, entries, target }) => {
    const carried = new Set(entries.map((entry) => entry.path))
    return target.state.subdirs.some(({ subdir }) => {
      const place = join(path, folder, subdir)
      return existsSync(place) && readdirSync(place).some((name) => /\.(?:conda|tar\.bz2)$/.test(name) && !carried.has(`${subdir}/${name}`))
    })
  })
}

/** An operand for people: without secrets. */
export function labelOf(operand: NamedOperand): string {
  return 'path' in operand ? operand.path : operand.kind === 'channel' ? redactUrl(operand.text) : operand.text
}
