/** A form of one index, as upstream offers it. */
export type IndexVariant = 'zst' | 'bz2' | 'json' | 'shards'

/** The variants that hold the whole index in one file, in the order in which they are tried. */
export const WHOLE_VARIANTS = ['zst', 'bz2', 'json'] as const

/** A variant that holds the whole index. */
export type WholeVariant = (typeof WHOLE_VARIANTS)[number]

const FILES: Readonly<Record<IndexVariant, string>> = {
  zst: 'repodata.json.zst',
  bz2: 'repodata.json.bz2',
  json: 'repodata.json',
  shards: 'repodata_shards.msgpack.zst',
}

/** The file name of a variant. */
export function variantFile(variant: IndexVariant): string {
  return FILES[variant]
}

/** What identifies the index that was fetched, so that the next fetch can ask whether it changed. Plain JSON, to be remembered as it is. */
export interface IndexValidators {
  readonly variant?: IndexVariant
  /** As upstream wrote it, quotes included. On disk: size, time and inode. */
  readonly etag?: string
  /** As upstream wrote it. */
  readonly lastModified?: string
}

/** The order in which whole variants are tried: the one that the validators name first. */
export function variantOrder(validators: IndexValidators): readonly WholeVariant[] {
  const first = WHOLE_VARIANTS.find((variant) => variant === validators.variant)
  return first === undefined ? WHOLE_VARIANTS : [first, ...WHOLE_VARIANTS.filter((variant) => variant !== first)]
}
