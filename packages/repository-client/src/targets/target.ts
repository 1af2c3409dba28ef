import type { FileHandle } from 'node:fs/promises'
import type { Artifact, ArtifactSet, Digest, Md5, Secret, Sha256, SubdirName } from '@mirror/core'

/** The APIs that artifacts can be uploaded to. */
export type TargetKind =
  /** Anaconda Repository and anaconda.org, "v4": by `cas-sync-api-v4`. */
  | 'anaconda'
  /** Anaconda Server 6, Package Security Manager. */
  | 'anaconda6'
  | 'quetz'
  /** prefix.dev. */
  | 'prefix'
  | 'artifactory'

/** Who we are to a target. */
export type TargetCredential =
  | { readonly type: 'token'; readonly token: Secret }
  | { readonly type: 'basic'; readonly user: string; readonly password: Secret }

/** An artifact on this machine, its bytes known to be those that its index names. */
export interface ArtifactUpload {
  readonly artifact: Artifact
  readonly sha256: Sha256
  readonly md5: Md5
  /** The bytes, open for reading at any position. Stays the caller's. */
  readonly file: FileHandle
  /** What to do with other bytes under its name. Default false: `conflict`. */
  readonly replace?: boolean
}

/** What came of an upload. */
export type UploadOutcome =
  /** The target has it now, and did not before. */
  | { readonly status: 'uploaded' }
  /** Other bytes had its name, and gave way. */
  | { readonly status: 'replaced' }
  /** The target had these very bytes. */
  | { readonly status: 'present' }
  /** The target has other bytes under its name, and keeps them. `digest` is theirs, where the target tells. */
  | { readonly status: 'conflict'; readonly digest: Digest | undefined }

/** What a target says of one artifact when it is asked directly. */
export type TargetLook =
  | { readonly status: 'absent' }
  /** Under this name; `same`: with these bytes; `unknown`: it does not say. */
  | { readonly status: 'present'; readonly bytes: 'same' | 'other' | 'unknown'; readonly digest: Digest | undefined }

/** What a target can do beside taking artifacts. */
export interface TargetAbilities {
  /** Removes single artifacts. */
  readonly remove: boolean
  /** Lets other bytes take a name that is taken. */
  readonly replace: boolean
  /** Makes its index behind our backs: an artifact may be listed a while after it was taken, or removed. */
  readonly listsLater: boolean
}

/** Options of every call. */
export interface TargetCallOptions {
  readonly signal?: AbortSignal | undefined
}

/**
 * One channel of somebody's repository server, which artifacts are uploaded to. Safe for many calls at once. Every call that changes something begins with a look, and is
 * repeated as a whole when its answer is lost: neither a duplicate nor a loss comes of that. All throw `TARGET_FORBIDDEN`, `TARGET_UNREACHABLE`, `TARGET_REFUSED`,
 * `TARGET_NOT_FOUND`, `CERTIFICATE_REFUSED`, `PROXY_REFUSED`, `HOST_FAILING`; the signal's reason when aborted. No error, event or name holds a secret.
 */
export interface UploadTarget extends AsyncDisposable {
  readonly kind: TargetKind
  /** URL and channel, for people. */
  readonly name: string
  readonly abilities: TargetAbilities
  /** Asks whether the server is there and takes us. Before anything else, once. `user`: whom it takes us for, where it says. Throws also when the channel is not there. */
  readonly check: (options?: TargetCallOptions) => Promise<{ readonly user: string | undefined }>
  /** What the index of a subdir lists, as a client sees it; empty for a subdir that is not there, or where the URL does not tell where the index is. Throws as `RepositoryClient.fetchIndex` does. */
  readonly list: (subdir: SubdirName, options?: TargetCallOptions) => Promise<ArtifactSet>
  /** Asks for one artifact; undefined when the API has no such question, so that only the index tells. */
  readonly look: (artifact: Artifact, options?: TargetCallOptions) => Promise<TargetLook | undefined>
  /** Uploads an artifact. Throws also `ARTIFACT_UNREADABLE` (the target needs what the artifact says of itself), and what reading the file throws. */
  readonly upload: (upload: ArtifactUpload, options?: TargetCallOptions) => Promise<UploadOutcome>
  /** Removes an artifact where the target has it under this name. Only where `abilities.remove`; otherwise throws `TARGET_REFUSED`. */
  readonly remove: (artifact: Artifact, options?: TargetCallOptions) => Promise<'removed' | 'absent'>
  readonly close: () => Promise<void>
}
