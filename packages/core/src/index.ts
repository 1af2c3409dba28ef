export { createDigest, type Digest, digestHex, type DigestKind, digestKind, isDigest, isMd5, isSha256, type Md5, type Sha256 } from './digest.ts'
export type { CoreErrorCode } from './error-codes.ts'
export { isMirrorError, MirrorError, type MirrorErrorOptions } from './errors.ts'
export { redactText, redactUrl, stripUrl } from './redact.ts'
export { Secret } from './secret.ts'
export {
  type ArtifactName, type ArtifactNameParts, compareNames, isArtifactName, parseArtifactName, splitArtifactName,
} from './artifact/artifact-name.ts'
export { decodeHex } from './artifact/artifact-columns.ts'
export { type ArtifactCursor, compareCursors, createArtifactCursor, haveSameDigest } from './artifact/artifact-cursor.ts'
export { type ArtifactBytes, type ArtifactSet, type ArtifactSetBuilder, createArtifactSet, createArtifactSetBuilder } from './artifact/artifact-set.ts'
export type { Artifact } from './artifact/artifact.ts'
export {
  authorizeUrl, type AuthorizedRequest, type ChannelUrl, DEFAULT_CHANNEL_ALIAS, isOwnBaseUrl, parseChannelUrl,
  type ParseChannelUrlOptions, resolveArtifactUrl, resolveBaseUrl, resolveSubdirUrl,
} from './channel/channel-url.ts'
export { isSafeRelativeFolder } from './channel/safe-folder.ts'
export { isSubdirName, KNOWN_SUBDIRS, NOARCH, parseSubdirName, type SubdirName } from './channel/subdir.ts'
export { createBufferSource } from './index/byte-source.ts'
export { compareIndexes, type CompareIndexesOptions } from './index/compare-indexes.ts'
export { compareTables, type CompareTablesOptions } from './index/compare-tables.ts'
export { createIndexLayoutBuilder, type IndexLayoutBuilder, readIndexLayout } from './index/index-layout.ts'
export type { IndexPart } from './index/index-part.ts'
export { createIndexTableBuilder, type IndexTableBuilder, readIndexTable } from './index/index-table.ts'
export type {
  ByteSource, IndexLayout, IndexSection, IndexSink, IndexSkeleton, IndexTable, NotedField, RecordFault, RecordView, SectionEntry, SkeletonEntry, TableComparison,
} from './index/index-types.ts'
export { measureIndex, writeIndex, writeIndexInSteps, type WriteIndexOptions } from './index/write-index.ts'
export { jsonDumps } from './json/json-dumps.ts'
export { isJsonObject } from './json/json-object.ts'
export { formatMatchSpec } from './match-spec/match-spec-format.ts'
export { MATCH_SPEC_FIELDS, type MatchCondition, type MatchSpec, type MatchSpecField } from './match-spec/match-spec-types.ts'
export { parseMatchSpec } from './match-spec/match-spec.ts'
export { type MatchableRecord, type MatchRecordOptions, matchesRecord } from './match-spec/matches-record.ts'
export { parseStringPattern, type StringPattern } from './match-spec/string-pattern.ts'
export { createIndexScanner, type IndexScanner, scanIndex } from './scanner/index-scanner.ts'
export { assembleIndex, type AssembleIndexOptions } from './shards/assemble-index.ts'
export type { MsgpackMap, MsgpackValue } from './shards/msgpack-reader.ts'
export { readShard, readShardIndex, type Shard, type ShardIndex } from './shards/read-shards.ts'
export { writeShards, writeShardsInSteps, type WriteShardsOptions, type WrittenShard } from './shards/write-shards.ts'
export { parseVersionSpec, type VersionClause, type VersionOperator, type VersionSpec } from './version/version-spec.ts'
export {
  compareVersions, findVersion, isVersion, parseVersion, type Version, type VersionAtom, type VersionSegment, versionStartsWith,
} from './version/version.ts'
