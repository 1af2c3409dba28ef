import { basename, dirname, normalize } from 'node:path'
import type { Draft } from './import-types.ts'

/** A channel and the folder that it was mirrored to, and by which keys the file says so. */
export interface Target {
  readonly source: string | undefined
  readonly target: string | undefined
  readonly sourceKey: string
  readonly targetKey: string
}

/** Says that the channel lies in exactly this folder: the last part of its path is the channel's, what precedes it the mirror's. */
export function putTarget({ put, note, file: { content } }: Draft, { source, target, sourceKey, targetKey }: Target): void {
  const folder = target === undefined ? undefined : normalize(target).replace(/(?<=.)\/+$/, '')
  const name = folder === undefined ? '' : basename(folder)
  const isUsable = folder !== undefined && name !== '' && name !== '.' && name !== '..'
  const missing = (key: string, held: string): void => {
    if (content[key] === undefined) note('left-out', [key], `no "${key}" is given (it may have stood on the command line): without ${held}`)
  }
  if (isUsable) put('mirror_dir', dirname(folder))
  else if (target === undefined) missing(targetKey, '"mirror_dir", /opt/cas-mirror is used')
  else note('left-out', [targetKey], `${JSON.stringify(target)} of "${targetKey}" has no last part that could be the folder of the channel; give "mirror_dir" and "path"`)
  if (source === undefined) return missing(sourceKey, '"channels", those of cas-mirror are mirrored')
  put('channels', [isUsable ? { url: source, path: name } : { url: source }])
}
