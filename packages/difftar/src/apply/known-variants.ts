import type { SubdirName } from '@mirror/core'
import type { DeltaChannel, PublishedFile, SubdirState } from '@mirror/delta'
import type { TreeChannel } from '../tree/read-tree.ts'

/**
 * A tree without the variants that nobody vouches for, where the delta knows its state: what was unpacked or copied over it removed nothing, so a variant that the other side has given up may say what another document said. Of a compressed
 * document that was looked at already, when the tree was read.
 */
export function keepKnownVariants(tree: TreeChannel, { target, bases }: DeltaChannel): TreeChannel {
  const known = [target, ...bases].find(({ id }) => id === tree.current.id)
  if (known === undefined) return tree
  const { current: { id, state } } = tree
  const vouched = new Set(known.state.subdirs.flatMap(({ variants }) => variants.map(nameOf)))
  const subdirs = state.subdirs.map((subdir): SubdirState => ({ ...subdir, variants: subdir.variants.filter((file) => vouched.has(nameOf(file)) || file.path === `${subdir.document.path}.zst`) }))
  return { ...tree, current: { id, state: { ...state, subdirs } }, shards: keepShards(tree, subdirs) }
}

function nameOf({ path, sha256 }: PublishedFile): string {
  return `${path} ${sha256}`
}

/** Shards whose index stays. */
function keepShards({ shards }: TreeChannel, subdirs: readonly SubdirState[]): ReadonlyMap<SubdirName, readonly PublishedFile[]> {
  const sharded = subdirs.filter(({ subdir, variants }) => variants.some(({ path }) => path === `${subdir}/repodata_shards.msgpack.zst`))
  return new Map(sharded.map(({ subdir }) => [subdir, shards.get(subdir) ?? []]))
}
