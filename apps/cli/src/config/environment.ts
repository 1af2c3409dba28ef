import { dirname, join, posix } from 'node:path'
import { Secret } from '@mirror/core'

/** Variables of the environment, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>

/** What the environment says; the only place that looks at it. An empty variable counts as unset. */
export interface EnvironmentValues {
  readonly home: string | undefined
  readonly proxies: { readonly http: string | undefined; readonly https: string | undefined; readonly none: string | undefined }
  /** The file with names and passwords: `NETRC`, else `~/.netrc`. It may be absent; `required` when it was named. */
  readonly netrc: { readonly path: string; readonly required: boolean } | undefined
  /** A file with certificates: `REQUESTS_CA_BUNDLE`, else `CURL_CA_BUNDLE`, else `SSL_CERT_FILE`, as conda has it. */
  readonly certificates: string | undefined
  readonly color: boolean
  /** `TERM` says that the terminal can do nothing but print, or this is a CI job. */
  readonly plain: boolean
  readonly targets: TargetEnvironment
}

/** A secret of the environment, and its variable for messages. */
export interface EnvironmentSecret {
  readonly variable: string
  readonly value: Secret
}

/** What the environment says about servers that are uploaded to. */
export interface TargetEnvironment {
  /** `BINSTAR_CONFIG_DIR`. */
  readonly binstarFolder: string | undefined
  /** `CONDA_ROOT`, else where the program `CONDA_EXE` is installed: that is what conda itself would answer. */
  readonly condaRoot: string | undefined
  readonly condaPrefix: string | undefined
  /** Where a user's configuration is, and what the machine has for all users: where the environment or the platform say so, absolute. */
  readonly userFolder: string | undefined
  readonly siteFolder: string | undefined
  /** Programs of Windows put the name of their author before their own. */
  readonly namesAuthor: boolean
  /** `BINSTAR_API_TOKEN`, else `ANACONDA_API_TOKEN`. */
  readonly anacondaToken: EnvironmentSecret | undefined
  readonly rattlerAuthFile: string | undefined
  /** The key of each kind of server: `QUETZ_API_KEY`, `PREFIX_API_KEY`, `ARTIFACTORY_TOKEN`, `ANACONDA_API_KEY` or `ANACONDA_AUTH_API_KEY`. */
  readonly keys: Readonly<Record<'quetz' | 'prefix' | 'artifactory' | 'anaconda6', EnvironmentSecret | undefined>>
  readonly artifactoryUser: string | undefined
  readonly artifactoryPassword: Secret | undefined
}

type Read = (...names: readonly string[]) => string | undefined

/** Reads the environment. Of a variable in both cases the lower one wins, as in curl. The platform decides where files of a user are; its names are Node's. */
export function readEnvironment(env: Environment, platform: string = process.platform): EnvironmentValues {
  const read: Read = (...names) => names.map((name) => env[name]).find((value) => value !== undefined && value !== '')
  const home = read('HOME', 'USERPROFILE')
  const named = read('NETRC')
  const standard = home === undefined ? undefined : { path: join(home, '.netrc'), required: false }
  return {
    home,
    proxies: {
      http: read('http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'),
      https: read('https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'),
      none: read('no_proxy', 'NO_PROXY'),
    },
    netrc: named === undefined ? standard : { path: named, required: true },
    certificates: read('REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'SSL_CERT_FILE'),
    color: read('NO_COLOR') === undefined,
    plain: env['TERM'] === 'dumb' || read('CI') !== undefined,
    targets: { ...readFolders(read, { home, platform }), ...readSecrets(read) },
  }
}

type Folders = Pick<TargetEnvironment, 'binstarFolder' | 'condaRoot' | 'condaPrefix' | 'userFolder' | 'siteFolder' | 'namesAuthor'>

/** Folders as platformdirs has them: a variable of XDG counts when it is an absolute path, and of several folders for all users the first. */
function readFolders(read: Read, { home, platform }: { readonly home: string | undefined; readonly platform: string }): Folders {
  const executable = read('CONDA_EXE')
  const conda = {
    binstarFolder: read('BINSTAR_CONFIG_DIR'),
    condaRoot: read('CONDA_ROOT') ?? (executable === undefined ? undefined : dirname(dirname(executable))),
    condaPrefix: read('CONDA_PREFIX'),
  }
  if (platform === 'win32') return { ...conda, userFolder: read('LOCALAPPDATA'), siteFolder: read('ALLUSERSPROFILE'), namesAuthor: true }
  const absolute = (name: string): string | undefined => read(name)?.split(':').find((path) => posix.isAbsolute(path))
  const isMac = platform === 'darwin'
  const own = read('XDG_CONFIG_HOME')
  const standard = home === undefined ? undefined : join(home, isMac ? 'Library/Application Support' : '.config')
  return {
    ...conda,
    userFolder: own !== undefined && posix.isAbsolute(own) ? own : standard,
    siteFolder: absolute('XDG_DATA_DIRS') ?? (isMac ? '/Library/Application Support' : '/usr/local/share'),
    namesAuthor: false,
  }
}

function readSecrets(read: Read): Omit<TargetEnvironment, keyof Folders> {
  const secret = (...variables: readonly string[]): EnvironmentSecret | undefined => {
    const variable = variables.find((name) => (read(name) ?? '').trim() !== '')
    return variable === undefined ? undefined : { variable, value: new Secret((read(variable) ?? '').trim()) }
  }
  const password = read('ARTIFACTORY_PASSWORD')
  return {
    anacondaToken: secret('BINSTAR_API_TOKEN', 'ANACONDA_API_TOKEN'),
    rattlerAuthFile: read('RATTLER_AUTH_FILE'),
    keys: {
      quetz: secret('QUETZ_API_KEY'),
      prefix: secret('PREFIX_API_KEY'),
      artifactory: secret('ARTIFACTORY_TOKEN'),
      anaconda6: secret('ANACONDA_API_KEY', 'ANACONDA_AUTH_API_KEY'),
    },
    artifactoryUser: read('ARTIFACTORY_USERNAME'),
    artifactoryPassword: password === undefined ? undefined : new Secret(password),
  }
}
