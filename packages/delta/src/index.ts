export { type Changeset, type ChangesetTotals, changesetTotals, isEmptyChangeset, type ReusedNames, type SubdirChange, targetId } from './changeset.ts'
export { type ChannelState, EMPTY_STATE, isSameSubdir, type PublishedFile, type StateId, stateId, type SubdirState } from './state.ts'
export { checkBudget, checkGuards, DEFAULT_LIMITS, type GuardLimits, type GuardVerdict, type SizeBudget, type SubdirFacts } from './guards.ts'
export type { DeltaErrorCode } from './error-codes.ts'
export {
  DELTA_FOLDER, DELTA_FORMAT, type DeltaChannel, type DeltaEntry, type DeltaEntryKind, type DeltaManifest, deltaPath, type DeltaTotals, deltaTotals, type KnownState, MANIFEST_PATH,
  MAXIMUM_MANIFEST_BYTES, SIGNATURE_PATH,
} from './manifest/delta-manifest.ts'
export { sortEntries } from './manifest/entry-order.ts'
export { describeState, formatManifest, manifestSeal } from './manifest/format-manifest.ts'
export { parseArtifactPath, parseManifest } from './manifest/parse-manifest.ts'
export { readKnownState } from './manifest/strict-json.ts'
