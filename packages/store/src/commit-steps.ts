import fs from 'node:fs'
import type { SubdirName } from '@mirror/core'
import type { ChannelState, Changeset, PublishedFile, SubdirState } from '@mirror/delta'
import type { DiskContext } from './disk-context.ts'
import { DESCRIPTIONS, inSwitchOrder, KNOWN_VARIANTS, objectName, stagedFileName } from './disk-paths.ts'
import type { StagedFile, SwapStep, SwitchStep } from './journal.ts'
import { isUntouched, readPublished } from './public-state.ts'

/** What the steps of a commit are made from. */
export interface CommitStepsOptions {
  readonly context: DiskContext
  readonly changeset: Changeset
  readonly base: ChannelState
  readonly isStaged: (file: PublishedFile) => boolean
}

/** The switches to the indexes without the re-used names. */
export function interimSteps(options: CommitStepsOptions): readonly SwitchStep[] {
  return inSwitchOrder(options.changeset.changes).flatMap(({ subdir, interim }) => (interim === undefined ? [] : [
    { subdir, remove: staleFiles(options, subdir, interim), files: filesOf(interim).filter((file) => options.isStaged(file)).map(toStaged) },
  ]))
}

/** The switches to the indexes of the target: noarch first; within a subdir the variants, then the document. Withdrawn subdirs come last. */
export function targetSteps(options: CommitStepsOptions): readonly SwitchStep[] {
  const { changeset, context, isStaged } = options
  const published = readPublished(context)
  const changed = inSwitchOrder(changeset.changes).map(({ subdir, target, interim }): SwitchStep => ({
    subdir,
    remove: staleFiles(options, subdir, target),
    files: filesOf(target).filter((file) => isStaged(file) || interim !== undefined || !isUntouched(context, file, published)).map(toStaged),
  }))
  const withdrawn = changeset.withdrawn.map(({ state }): SwitchStep => ({ subdir: state.subdir, remove: staleFiles(options, state.subdir, undefined), files: [] }))
  return [...changed, ...withdrawn]
}

/** A swap, with the bytes that it sets aside. */
export interface SizedSwap extends SwapStep {
  readonly size: number
}

/** Plain files are swapped: the old bytes of a path stay readable for the generations that had them. Descriptions of the channel that the target lacks go likewise. */
export function plainFileSteps({ context, changeset, base }: CommitStepsOptions): readonly SizedSwap[] {
  const removed = changeset.filesRemoved.filter(({ path }) => DESCRIPTIONS.has(path)).map(({ path, sha256, size }): SizedSwap =>
    ({ path, staged: undefined, object: objectName(`sha256:${sha256}`), size }))
  const added = changeset.filesAdded.map((file): SizedSwap => {
    const before = base.files.find(({ path }) => path === file.path)
    const size = fs.lstatSync(context.paths.public(file.path), { throwIfNoEntry: false })?.size ?? 0
    return { path: file.path, staged: stagedFileName(file), object: before === undefined || before.sha256 === file.sha256 ? undefined : objectName(`sha256:${before.sha256}`), size }
  })
  return [...added, ...removed]
}

function filesOf({ variants, document }: SubdirState): readonly PublishedFile[] {
  return [...variants, document]
}

function toStaged(file: PublishedFile): StagedFile {
  return { file, staged: stagedFileName(file) }
}

/** Index files of a subdir that its new state does not have: those of the base, and known variants of whatever origin, because a stale one lies. */
function staleFiles({ context, base }: CommitStepsOptions, subdir: SubdirName, state: SubdirState | undefined): readonly string[] {
  const before = base.subdirs.find((candidate) => candidate.subdir === subdir)
  const known = KNOWN_VARIANTS.map((name) => `${subdir}/${name}`)
  const all = new Set([...known, ...(before === undefined ? [] : filesOf(before).map(({ path }) => path))])
  for (const { path } of state === undefined ? [] : filesOf(state)) all.delete(path)
  return [...all].filter((path) => fs.lstatSync(context.paths.public(path), { throwIfNoEntry: false })?.isFile() === true)
}
