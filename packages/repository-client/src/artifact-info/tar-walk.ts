import { BrokenArtifact } from './broken-artifact.ts'
import { parsePaxFields } from './pax-fields.ts'
import { BLOCK, paddingOf, parseTarHeader, readText, type TarHeader, type TarType } from './tar-header.ts'

/** A member of a tar, before its bytes. */
export interface TarEntry {
  /** As it stands in the tar: compare it, never join it to a folder. */
  readonly path: string
  readonly type: TarType
  /** Bytes. */
  readonly size: number
}

/** What is wanted of a tar. */
export interface TarVisitor {
  /** Called for each member: whether to keep its bytes, pass over them, or read no further. Throws `BrokenArtifact` for one that it refuses. */
  readonly enter: (entry: TarEntry) => 'keep' | 'pass' | 'stop'
  /** Called with the bytes of a member that was kept. */
  readonly take: (path: string, bytes: Buffer) => void
}

/** A walk over a tar that comes in pieces. */
export interface TarWalk {
  /** True when nothing more is needed. Keeps nothing of the piece. */
  readonly push: (piece: Uint8Array) => boolean
  /** Throws `BrokenArtifact` when the pieces ended within a member. */
  readonly end: () => void
}

const LARGEST_EXTENSION = 1_048_576

interface State {
  readonly visitor: TarVisitor
  /** What the bytes that come now are. */
  step: 'header' | 'sparse-header' | 'extension' | 'body' | 'nothing' | 'over'
  /** How many of them are missing. */
  missing: number
  readonly gathered: Buffer[]
  /** Of what is gathered. */
  header: TarHeader
  /** What headers said about the member that comes. */
  announced: { readonly path?: string | undefined; readonly size?: number | undefined; readonly isSparse?: boolean }
}

const NONE: TarHeader = { type: 'other', path: '', size: 0, isBodiless: true, goesOn: false }

/**
 * Creates a walk. Reads what tars of others have: POSIX.1-1988 and 2001, GNU, and older ones; keeps what its visitor wants and at most one extended header of 1 MiB. Not `tar-stream`, which holds an
 * extended header of any size whole, and waits for ever behind a member whose size is negative or no number.
 */
export function createTarWalk(visitor: TarVisitor): TarWalk {
  const state: State = { visitor, step: 'header', missing: BLOCK, gathered: [], header: NONE, announced: {} }
  return {
    push(piece) {
      for (let at = 0; at < piece.length && state.step !== 'over';) at += advance(state, piece, at)
      return state.step === 'over'
    },
    end() {
      const isBetween = state.step === 'header' && state.missing === BLOCK && state.announced.path === undefined
      if (state.step !== 'over' && !isBetween) throw new BrokenArtifact('its tar is cut short')
    },
  }
}

/** Takes bytes for the step; how many. */
function advance(state: State, piece: Uint8Array, at: number): number {
  const count = Math.min(state.missing, piece.length - at)
  state.missing -= count
  if (state.step !== 'nothing') state.gathered.push(Buffer.from(piece.subarray(at, at + count)))
  if (state.missing === 0) complete(state)
  return count
}

function expect(state: State, step: State['step'], missing: number): void {
  state.step = step
  state.missing = missing
  if (missing === 0 && step !== 'over') complete(state)
}

function complete(state: State): void {
  const bytes = state.gathered.length === 1 ? state.gathered[0] ?? Buffer.alloc(0) : Buffer.concat(state.gathered)
  state.gathered.length = 0
  switch (state.step) {
    case 'header':
      completeHeader(state, bytes)
      return
    case 'sparse-header':
      if (bytes[504] === 0) expect(state, 'nothing', state.header.size + paddingOf(state.header.size))
      else expect(state, 'sparse-header', BLOCK)
      return
    case 'extension':
      state.announced = { ...state.announced, ...readExtension(state.header, bytes) }
      expect(state, 'nothing', paddingOf(state.header.size))
      return
    case 'body':
      state.visitor.take(state.header.path, bytes)
      expect(state, 'nothing', paddingOf(state.header.size))
      return
    case 'nothing':
      expect(state, 'header', BLOCK)
      return
    case 'over':
  }
}

function completeHeader(state: State, block: Buffer): void {
  const header = parseTarHeader(block)
  if (header === undefined) {
    expect(state, 'over', 0)
    return
  }
  const isExtension = header.type === 'pax' || header.type === 'long-name'
  if (isExtension && header.size > LARGEST_EXTENSION) throw new BrokenArtifact(`its tar has an extended header of ${header.size} bytes`)
  if (isExtension || header.type === 'skipped') {
    state.header = header
    expect(state, isExtension ? 'extension' : 'nothing', header.size + (isExtension ? 0 : paddingOf(header.size)))
  } else completeMember(state, header)
}

function completeMember(state: State, raw: TarHeader): void {
  const { path = raw.path, isSparse = false } = state.announced
  const size = raw.isBodiless ? 0 : state.announced.size ?? raw.size
  const header: TarHeader = { ...raw, path, size, type: isSparse ? 'other' : raw.type }
  state.header = header
  state.announced = {}
  const wish = state.visitor.enter(header)
  if (wish === 'stop') expect(state, 'over', 0)
  else if (wish === 'keep') expect(state, 'body', size)
  else if (header.goesOn) expect(state, 'sparse-header', BLOCK)
  else expect(state, 'nothing', size + paddingOf(size))
}

function readExtension({ type }: TarHeader, bytes: Buffer): State['announced'] {
  if (type === 'long-name') return { path: readText(bytes) }
  const { path, size, isSparse } = parsePaxFields(bytes)
  return { ...(path === undefined ? {} : { path }), ...(size === undefined ? {} : { size }), isSparse }
}
