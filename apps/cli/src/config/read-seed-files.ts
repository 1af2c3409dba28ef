import { MirrorError } from '@mirror/core'
import { artifactsOfChannel, parseSeedFile, type SeedFile, type Selection, type SelectionErrorCode } from '@mirror/selection'
import type { ChannelConfig, Config } from './config.ts'

/** What `readSeedFiles` needs. */
export interface ReadSeedFilesOptions {
  /** Reads a file as UTF-8; what it throws is passed on. */
  readonly readText: (path: string) => Promise<string>
  /** The URLs of all channels that are mirrored, this one among them: lock files name artifacts of any of them. */
  readonly channels: readonly string[]
}

/** A selection with all its seeds, and what files say that is left alone, as sentences for people. */
export interface SeededSelection {
  readonly selection: Selection
  readonly notes: readonly string[]
}

/**
 * The selection of a channel with what the files of its closure name: each environment file is a set of seeds, each lock file a list of artifacts, of which those of the
 * channel count. Without files, the selection as it is. Throws `SEEDS_INVALID`, also for a file under the wrong key, and what reading throws.
 */
export async function readSeedFiles({ channel, selection, seedFiles, subdirs }: ChannelConfig, { readText, channels }: ReadSeedFilesOptions): Promise<SeededSelection> {
  const { closure } = selection
  if (closure === undefined || seedFiles.environments.length + seedFiles.locks.length === 0) return { selection, notes: [] }
  const platforms = subdirs.map(({ subdir }) => subdir)
  const read = async (name: string): Promise<SeedFile> => parseSeedFile({ name, text: await readText(name), platforms })
  const environments = await Promise.all(seedFiles.environments.map(async (name) => checkFormat(await read(name), { name, isLock: false })))
  const locks = await Promise.all(seedFiles.locks.map(async (name) => checkFormat(await read(name), { name, isLock: true })))
  const sets = environments.filter(({ format }) => format === 'environment').map(({ specs }) => specs).filter((specs) => specs.length > 0)
  return {
    selection: {
      ...selection,
      closure: {
        ...closure,
        specs: [...closure.specs, ...environments.filter(({ format }) => format === 'list').flatMap(({ specs }) => specs)],
        artifacts: [...closure.artifacts, ...locks.flatMap(({ artifacts }) => artifactsOfChannel(artifacts, channel.url, channels))],
        ...(sets.length === 0 ? {} : { environments: sets }),
      },
    },
    notes: [...environments, ...locks].flatMap(({ notes }) => notes),
  }
}

/** A lock file names exactly what is kept, an environment file what it begins with: one taken for the other would keep too much or too little. */
function checkFormat(file: SeedFile, { name, isLock }: { readonly name: string; readonly isLock: boolean }): SeedFile {
  if ((file.format !== 'environment' && file.format !== 'list') === isLock) return file
  const what = isLock ? 'it asks for packages and locks none' : 'it is a lock file'
  throw new MirrorError<SelectionErrorCode>('SEEDS_INVALID', `Cannot use ${JSON.stringify(name)} ${isLock ? 'as a lock file' : 'as an environment file'}: ${what}`, {
    hint: isLock ? 'Put it under "environments".' : 'Put it under "locks".',
    details: { file: name },
  })
}

/** The configuration with the seeds of all its channels: what commands that select work with. Throws what `readSeedFiles` throws. */
export async function readAllSeedFiles(config: Config, readText: ReadSeedFilesOptions['readText']): Promise<{ readonly config: Config; readonly notes: readonly string[] }> {
  const urls = config.channels.map(({ channel }) => channel.url)
  const read = await Promise.all(config.channels.map(async (channel) => ({ channel, ...(await readSeedFiles(channel, { readText, channels: urls })) })))
  return {
    config: { ...config, channels: read.map(({ channel, selection }) => ({ ...channel, selection })) },
    notes: [...new Set(read.flatMap(({ notes }) => notes))],
  }
}
