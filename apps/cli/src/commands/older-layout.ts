import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type ChannelUrl, KNOWN_SUBDIRS, parseChannelUrl } from '@mirror/core'

/**
 * The tree that an early cas-mirror may have left for a channel: it kept all channels below `pkgs` in one, `<mirror_dir>/pkgs/<platform>`, while this one is kept in a folder below that. Undefined where
 * there is none, and where the channel itself is kept there.
 */
export function findOlderLayout(mirrorDir: string, channel: ChannelUrl): ChannelUrl | undefined {
  const parent = dirname(channel.folder)
  if (parent === '.') return undefined
  const root = join(mirrorDir, ...parent.split('/'))
  if (existsSync(join(root, '.mirror')) || !hasIndexes(root)) return undefined
  return parseChannelUrl(root, { folder: parent })
}

function hasIndexes(root: string): boolean {
  const names = existsSync(root) ? readdirSync(root) : []
  return names.some((name) => KNOWN_SUBDIRS.includes(name) && ['repodata.json', 'repodata.json.bz2'].some((file) => existsSync(join(root, name, file))))
}
