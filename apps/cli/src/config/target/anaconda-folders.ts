import { join, resolve } from 'node:path'
import type { EnvironmentValues } from '../environment.ts'

/** Options of where configuration is looked for. */
export interface AnacondaFoldersOptions {
  /** Default `/etc/anaconda-client`. */
  readonly systemFolder?: string
}

/**
 * The folders whose files configure anaconda-client, the later ones over the earlier ones: of all users, of the system, of the conda installation, of the user (two), of the
 * active environment. A folder that is named twice has its first place, as in anaconda-client; so with `BINSTAR_CONFIG_DIR`, which stands for the first and the fourth, the
 * system's folder goes over the user's.
 */
export function listConfigFolders(env: EnvironmentValues, { systemFolder = '/etc/anaconda-client' }: AnacondaFoldersOptions = {}): readonly string[] {
  const { condaRoot, condaPrefix, siteFolder } = env.targets
  const own = findOwnFolder(env)
  const folders = [
    own ?? joinSome(siteFolder, ...applicationPath(env)),
    systemFolder,
    joinSome(condaRoot, 'etc', 'anaconda-client'),
    own ?? findUserFolder(env),
    joinSome(env.home, '.continuum', 'anaconda-client'),
    joinSome(condaPrefix, 'etc', 'anaconda-client'),
  ]
  return distinct(folders)
}

/** The folders of token files, in the order in which they are asked: that of conda first. */
export function listTokenFolders(env: EnvironmentValues): readonly string[] {
  const own = findOwnFolder(env)
  return distinct([own ?? findUserFolder(env), own === undefined ? joinSome(env.home, '.continuum', 'anaconda-client', 'tokens') : join(own, 'tokens')])
}

function findOwnFolder({ targets }: EnvironmentValues): string | undefined {
  return joinSome(targets.binstarFolder, 'data')
}

function findUserFolder(env: EnvironmentValues): string | undefined {
  return joinSome(env.targets.userFolder, ...applicationPath(env))
}

function applicationPath({ targets }: EnvironmentValues): readonly string[] {
  return targets.namesAuthor ? ['ContinuumIO', 'binstar'] : ['binstar']
}

function joinSome(folder: string | undefined, ...rest: readonly string[]): string | undefined {
  return folder === undefined ? undefined : join(folder, ...rest)
}

function distinct(folders: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(folders.flatMap((folder) => (folder === undefined ? [] : [resolve(folder)])))]
}
