import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { MirrorError } from '@mirror/core'
import { createDiskIo, createDiskStore, type DiskStore } from '@mirror/store'
import type { Config } from './config/config.ts'
import type { CliErrorCode } from './error-codes.ts'

/** Opens the store of a channel in a folder, or, with `folders` of its own beside those of others, that of the installers. */
export type OpenStore = (root: string, folders?: readonly string[]) => DiskStore

/** Opens stores as the configuration says: what they keep, and the permissions and group of what they make. Throws `CONFIG_INVALID` for a group that the system does not know. */
export async function createStoreOpener({ retain, fileMode, directoryMode, group }: Pick<Config, 'retain' | 'fileMode' | 'directoryMode' | 'group'>): Promise<OpenStore> {
  const gid = group === undefined ? undefined : await findGroup(group)
  return (root, folders) => createDiskStore({
    root,
    ...(folders === undefined ? {} : { folders }),
    // Nothing goes back to installers that were superseded.
    keep: folders === undefined ? retain : 0,
    ...(fileMode === undefined ? {} : { fileMode }),
    ...(directoryMode === undefined ? {} : { directoryMode }),
    ...(gid === undefined ? {} : { io: createDiskIo({ group: gid }) }),
  })
}

/** The number of a group: by the file of groups, then by whatever else the system asks (a directory service). */
async function findGroup(group: string): Promise<number> {
  if (/^\d+$/.test(group)) return Number(group)
  const gid = readGid(await readFile('/etc/group', 'utf8').catch(() => ''), group) ?? readGid(await askSystem(group), group)
  if (gid !== undefined) return gid
  throw new MirrorError<CliErrorCode>('CONFIG_INVALID', `Cannot use the configuration: the system does not know the group ${JSON.stringify(group)} of "group"`, {
    hint: 'Name one that `getent group` lists, or its number.',
  })
}

async function askSystem(group: string): Promise<string> {
  try {
    return (await promisify(execFile)('getent', ['group', '--', group], { timeout: 10_000 })).stdout
  } catch {
    return ''
  }
}

function readGid(text: string, group: string): number | undefined {
  const fields = text.split('\n').map((line) => line.split(':')).find(([name]) => name === group)
  return fields?.[2] !== undefined && /^\d+$/.test(fields[2]) ? Number(fields[2]) : undefined
}
