import type { UploadTarget } from '../../src/index.ts'
import type { MadeArtifact } from './made-artifacts.ts'

/** The artifacts of the flows: two with the same name and other bytes. */
export interface FlowArtifacts {
  readonly ours: MadeArtifact
  readonly other: MadeArtifact
}

/** One operation, from a known state to another. */
export interface Flow {
  readonly name: string
  /** What is there before. */
  readonly before: (artifacts: FlowArtifacts) => readonly MadeArtifact[]
  readonly run: (target: UploadTarget, artifacts: FlowArtifacts, signal?: AbortSignal) => Promise<string>
  /** The honest outcome. */
  readonly outcome: string
  readonly after: (artifacts: FlowArtifacts) => readonly MadeArtifact[]
  /** Whether nothing at all may be there when it was stopped halfway. */
  readonly mayVanish: boolean
}

async function upload(target: UploadTarget, made: MadeArtifact, { replace = false, signal }: { readonly replace?: boolean; readonly signal?: AbortSignal | undefined }): Promise<string> {
  return (await target.upload({ ...made, replace }, { signal })).status
}

/** Every operation of a target but listing, which is that of the reading client. */
export const FLOWS: readonly Flow[] = [
  {
    name: 'a check', before: () => [], run: async (target, _, signal) => typeof (await target.check({ signal })), outcome: 'object', after: () => [], mayVanish: false,
  },
  {
    name: 'a look', before: ({ ours }) => [ours], run: async (target, { ours }, signal) => (await target.look(ours.artifact, { signal }))?.status ?? 'unasked', outcome: 'present',
    after: ({ ours }) => [ours], mayVanish: false,
  },
  {
    name: 'a new artifact', before: () => [], run: async (target, { ours }, signal) => await upload(target, ours, { signal }), outcome: 'uploaded', after: ({ ours }) => [ours],
    mayVanish: false,
  },
  {
    name: 'an artifact that is there', before: ({ ours }) => [ours], run: async (target, { ours }, signal) => await upload(target, ours, { signal }), outcome: 'present',
    after: ({ ours }) => [ours], mayVanish: false,
  },
  {
    name: 'other bytes under a name that is taken', before: ({ other }) => [other], run: async (target, { ours }, signal) => await upload(target, ours, { signal }), outcome: 'conflict',
    after: ({ other }) => [other], mayVanish: false,
  },
  {
    name: 'a replacement', before: ({ other }) => [other], run: async (target, { ours }, signal) => await upload(target, ours, { replace: true, signal }), outcome: 'replaced',
    after: ({ ours }) => [ours], mayVanish: true,
  },
  {
    name: 'a removal', before: ({ ours }) => [ours], run: async (target, { ours }, signal) => await target.remove(ours.artifact, { signal }), outcome: 'removed', after: () => [],
    mayVanish: false,
  },
]
