/** Who may read some channels. Of several rules the first one whose channels fit a path decides, alone. */
export interface AccessRule {
  /** Patterns (`parseChannelPattern`): folders below the mirror, and all below them. */
  readonly channels: readonly string[]
  /** Everybody may; files are not looked at. */
  readonly isPublic: boolean
  /** Absolute paths of files of tokens (`parseTokenFile`). */
  readonly tokens: readonly string[]
  /** Absolute paths of files of users (`parseHtpasswd`). */
  readonly htpasswd: readonly string[]
  /** Only those of these names; undefined: everybody in the files. */
  readonly users: readonly string[] | undefined
}

/** Who may read what. */
export interface AccessOptions {
  /** A path that none of them covers is for nobody. */
  readonly rules: readonly AccessRule[]
}
