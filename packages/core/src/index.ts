export { ARTIFACT_EXTENSIONS, type ArtifactName, compareNames, isArtifactName, parseArtifactName, splitArtifactName } from './artifact-name.ts'
export { type ArtifactSet, type ArtifactSetBuilder, createArtifactSet, createArtifactSetBuilder } from './artifact-set.ts'
export type { Artifact } from './artifact.ts'
export { createDigest, type Digest, digestHex, type DigestKind, digestKind, isDigest, isMd5, isSha256, type Md5, type Sha256 } from './digest.ts'
export type { CoreErrorCode } from './error-codes.ts'
export { isMirrorError, MirrorError, type MirrorErrorOptions } from './errors.ts'
export type {
  ByteSource, IndexSection, IndexSink, IndexSkeleton, IndexTable, NotedField, RecordFault, RecordView, SkeletonEntry,
} from './index-types.ts'
export { isSubdirName, KNOWN_SUBDIRS, NOARCH, parseSubdirName, type SubdirName } from './subdir.ts'
