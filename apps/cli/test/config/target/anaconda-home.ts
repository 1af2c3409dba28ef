import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type EnvironmentValues, readEnvironment } from '../../../src/config/environment.ts'
import { type AnacondaConfig, readAnacondaConfig } from '../../../src/config/target/anaconda-config.ts'
import { resolveSite } from '../../../src/config/target/resolve-site.ts'
import type { Site } from '../../../src/config/target/site.ts'

/** Writes files below a folder, readable for their owner alone. */
export async function lay(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
    await chmod(join(folder, path), 0o600)
  }
}

/** The environment of somebody whose home is `<folder>/home`, on a machine that has nothing else. */
export function environmentOf(folder: string, variables: Readonly<Record<string, string>> = {}): EnvironmentValues {
  return readEnvironment({ HOME: join(folder, 'home'), XDG_DATA_DIRS: join(folder, 'share'), ...variables }, 'linux')
}

/** The configuration that files below a folder make; `/etc/anaconda-client` is `<folder>/etc` there. */
export async function read(folder: string, files: Readonly<Record<string, string>> = {}, variables: Readonly<Record<string, string>> = {}): Promise<AnacondaConfig> {
  await lay(folder, files)
  return readAnacondaConfig(environmentOf(folder, variables), { systemFolder: join(folder, 'etc') })
}

/** The user's own file. */
export const OWN = 'home/.continuum/anaconda-client/config.yaml'

/** A site of a configuration that is the user's own file. */
export async function siteOf(folder: string, text: string, name?: string): Promise<Site> {
  return resolveSite(await read(folder, { [OWN]: text }), name)
}
