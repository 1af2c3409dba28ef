/** What a request asks for. The set is fixed: paths are somebody else's, and may be as many as they like. */
export const REQUEST_KINDS = ['index', 'shard', 'artifact', 'page', 'other'] as const

/** One kind of request. */
export type RequestKind = (typeof REQUEST_KINDS)[number]

/** The kind of a request by its decoded path, without token and query. A name alone decides: whether there is such a file is told by the status. */
export function findKind(path: string): RequestKind {
  if (path.endsWith('.conda') || path.endsWith('.tar.bz2') || path.endsWith('.whl')) return 'artifact'
  if (path.endsWith('/') || path.includes('/-/')) return 'page'
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (name.endsWith('.msgpack.zst')) return name === 'repodata_shards.msgpack.zst' ? 'index' : 'shard'
  return INDEX.test(name) ? 'index' : 'other'
}

const INDEX = /^(?:(?:current_)?repodata(?:_from_packages)?|run_exports|channeldata|patch_instructions)\.json(?:\.zst|\.bz2)?$/
