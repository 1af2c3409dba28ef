export type {
  BeginOptions, BeginResult, Body, ByteRange, CommitResult, Generation, Opened, PutOptions, Snapshot, SnapshotResult, Store, StoreReader, TidyOptions, TidyReport, Transaction,
} from './contract.ts'
export { createDiskIo, type DiskIo, type DiskIoOptions } from './disk-io.ts'
export { createDiskStore, type DiskStore, type DiskStoreOptions } from './disk-store.ts'
export type { StoreErrorCode } from './error-codes.ts'
export type { StoreEvent } from './events.ts'
export { createMemoryStore, type MemoryStoreOptions } from './memory-store.ts'
export type { PublicState } from './public-state.ts'
export { inspectRoot, type RootKind } from './safe-root.ts'
export { assertSnapshotName } from './snapshot-file.ts'
export type { SpaceNeed } from './space.ts'
export type { TrashHeader } from './trash.ts'
export { compareArtifacts, type CompareArtifactsOptions, verifyStore, type VerifyEvent, type VerifyFault, type VerifyReport, type VerifyStoreOptions } from './verify-store.ts'
