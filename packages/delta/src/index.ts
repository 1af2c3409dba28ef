export { type Changeset, type ChangesetTotals, changesetTotals, holdSubdirs, isEmptyChangeset, type ReusedNames, type SubdirChange, targetId } from './changeset.ts'
export { type ChannelState, EMPTY_STATE, type PublishedFile, type StateId, stateId, type SubdirState } from './state.ts'
export { checkBudget, checkGuards, DEFAULT_LIMITS, type GuardLimits, type GuardVerdict, type SizeBudget, type SubdirFacts } from './guards.ts'
