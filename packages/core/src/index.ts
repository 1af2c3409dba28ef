export {
  ARTIFACT_EXTENSIONS, type ArtifactName, type ArtifactNameParts, compareNames, isArtifactName, parseArtifactName, splitArtifactName,
} from './artifact-name.ts'
export { type ArtifactSet, type ArtifactSetBuilder, createArtifactSet, createArtifactSetBuilder } from './artifact-set.ts'
export type { Artifact } from './artifact.ts'
export { createDigest, type Digest, digestHex, type DigestKind, digestKind, isDigest, isMd5, isSha256, type Md5, type Sha256 } from './digest.ts'
export type { CoreErrorCode } from './error-codes.ts'
export { isMirrorError, MirrorError, type MirrorErrorOptions } from './errors.ts'
export { assembleIndex, type AssembleIndexOptions } from './assemble-index.ts'
export { createBufferSource } from './byte-source.ts'
export { compareIndexes, type CompareIndexesOptions } from './compare-indexes.ts'
export { compareTables, type CompareTablesOptions } from './compare-tables.ts'
export { createIndexLayoutBuilder, type IndexLayoutBuilder, readIndexLayout } from './index-layout.ts'
export type { IndexPart } from './index-part.ts'
export { createIndexScanner, type IndexScanner, scanIndex } from './index-scanner.ts'
export { createIndexTableBuilder, type IndexTableBuilder, readIndexTable } from './index-table.ts'
export type {
  ByteSource, IndexLayout, IndexSection, IndexSink, IndexSkeleton, IndexTable, NotedField, RecordFault, RecordView, SectionEntry, SkeletonEntry, TableComparison,
} from './index-types.ts'
export { jsonDumps } from './json-dumps.ts'
export type { MsgpackMap, MsgpackValue } from './msgpack-reader.ts'
export { readShard, readShardIndex, type Shard, type ShardIndex } from './read-shards.ts'
export { writeIndex, type WriteIndexOptions } from './write-index.ts'
export { writeShards, type WriteShardsOptions, type WrittenShard } from './write-shards.ts'
export { isSubdirName, KNOWN_SUBDIRS, NOARCH, parseSubdirName, type SubdirName } from './subdir.ts'
export {
  authorizeUrl, type AuthorizedRequest, type ChannelUrl, DEFAULT_CHANNEL_ALIAS, isChannelUrl, isOwnBaseUrl, parseChannelUrl,
  type ParseChannelUrlOptions, resolveArtifactUrl, resolveBaseUrl, resolveSubdirUrl,
} from './channel-url.ts'
export { formatMatchSpec } from './match-spec-format.ts'
export { MATCH_SPEC_FIELDS, type MatchCondition, type MatchSpec, type MatchSpecField } from './match-spec-types.ts'
export { parseMatchSpec } from './match-spec.ts'
export { type MatchableRecord, type MatchRecordOptions, matchesRecord } from './matches-record.ts'
export { redactText, redactUrl, stripUrl } from './redact.ts'
export { isSafeRelativeFolder } from './safe-folder.ts'
export { Secret } from './secret.ts'
export { parseStringPattern, type StringPattern } from './string-pattern.ts'
export { parseVersionSpec, type VersionClause, type VersionOperator, type VersionSpec } from './version-spec.ts'
export {
  compareVersions, findVersion, isVersion, parseVersion, type Version, type VersionAtom, type VersionSegment, versionStartsWith,
} from './version.ts'
