import { isJsonObject, MirrorError, redactText, redactUrl } from '@mirror/core'
import type { CliErrorCode } from '../../error-codes.ts'
import { findNearest } from '../nearest.ts'
import { type ConfigProblem, createConfigError } from '../problems.ts'
import { formatPath, type ValuePath } from '../yaml-file.ts'
import type { AnacondaConfig } from './anaconda-config.ts'
import { type ConfigTree, mergeConfig } from './merge-config.ts'
import { readServerUrl, trimSlashes } from './server-url.ts'
import type { Site } from './site.ts'

/** Where anybody's uploads are public. Never taken because nothing else was said. */
const PUBLIC_HOSTS: readonly string[] = ['api.anaconda.org', 'anaconda.org', 'api.binstar.org', 'binstar.org']
const WITH_SCHEME = /^https?:\/\//i

/**
 * The site that `name` means: the name of one in the configuration, or the URL of an API, which need not be there; without it, the configuration's `default_site`, else its
 * `url` on top where a file sets it. Keys of the site go over those on top, as in anaconda-client. Throws `SITE_UNKNOWN` for a name that is not there (the client warns and
 * publishes to the public site), `SITE_UNDECIDED` where only the public site would be left, because that has to be meant; `CONFIG_INVALID` for a value that is wrong.
 */
export function resolveSite(config: AnacondaConfig, name: string | undefined): Site {
  const sites = isJsonObject(config.values['sites']) ? config.values['sites'] : {}
  const chosen = name ?? readDefaultSite(config)
  if (chosen === undefined) return resolveTop(config)
  if (Object.hasOwn(sites, chosen)) return resolveNamed(config, chosen, sites[chosen])
  if (WITH_SCHEME.test(chosen)) return resolveUrl(config, chosen, sites)
  throw unknownSite(chosen, Object.keys(sites), name === undefined ? config.where(['default_site']) : undefined)
}

function readDefaultSite(config: AnacondaConfig): string | undefined {
  const value = config.values['default_site']
  // As in Python, whatever is false there is none.
  if (value === undefined || value === null || value === false || value === '' || value === 0) return undefined
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  throw invalid(config, ['default_site'], 'takes the name of a site')
}

function resolveTop(config: AnacondaConfig): Site {
  const where = config.where(['url'])
  const site = where === undefined ? undefined : createSite(config, { name: undefined, place: [], values: config.values })
  if (site !== undefined && !PUBLIC_HOSTS.includes(new URL(site.url).hostname)) return site
  throw new MirrorError<CliErrorCode>('SITE_UNDECIDED', 'Cannot choose a repository: neither "dest_site" nor the "default_site" of anaconda-client is set', {
    hint: 'Set "dest_site" to a site of `anaconda config --show`, or to the URL of an API. "dest_site: anaconda" means the public anaconda.org.',
    details: { files: config.files },
  })
}

function resolveNamed(config: AnacondaConfig, name: string, entry: unknown): Site {
  const place = ['sites', name]
  if (entry !== null && !isJsonObject(entry)) throw invalid(config, place, 'takes keys and values, such as "url"')
  const own: ConfigTree = entry ?? {}
  const hasUrl = (own['url'] ?? null) !== null || config.where(['url']) !== undefined
  if (!hasUrl) throw invalid(config, place, 'has no "url", and only the public anaconda.org would be left')
  return createSite(config, { name, place, values: mergeConfig(config.values, own) })
}

/** A URL takes over what the configuration says of that very server. */
function resolveUrl(config: AnacondaConfig, url: string, sites: ConfigTree): Site {
  const read = readServerUrl(url)
  if (read.status === 'invalid') {
    throw new MirrorError<CliErrorCode>('TARGET_INVALID', `Cannot use the site ${JSON.stringify(redactUrl(url))}: ${read.what}`, {
      hint: 'Write https://HOST/PATH of its API. Tokens are kept by anaconda-client, or given in BINSTAR_API_TOKEN.',
    })
  }
  const known = Object.entries(sites).find(([, entry]) => isJsonObject(entry) && typeof entry['url'] === 'string' && normalize(entry['url']) === read.url)
  if (known !== undefined) return resolveNamed(config, ...known)
  return createSite(config, { name: undefined, place: [], values: { ...config.values, url }, isGiven: true })
}

interface SiteSource {
  readonly name: string | undefined
  /** Where the keys of the site stand, before those on top. */
  readonly place: ValuePath
  readonly values: ConfigTree
  /** The URL is none of the configuration. */
  readonly isGiven?: boolean
}

function createSite(config: AnacondaConfig, source: SiteSource): Site {
  const { name, values } = source
  const fail = (key: string, what: string): MirrorError<CliErrorCode> => invalid(config, locate(config, source, key), what)
  const written = values['url']
  if (typeof written !== 'string') throw fail('url', 'takes the URL of an API')
  const read = readServerUrl(addScheme(written))
  if (read.status === 'invalid') throw fail('url', `cannot be used: ${read.what}`)
  const tls = readVerification(values)
  if (tls === undefined) throw fail('ssl_verify', 'takes true, false, or the path of a file with certificates')
  const uploadUser = values['upload_user'] ?? ''
  if (typeof uploadUser !== 'string') throw fail('upload_user', 'takes a name')
  const warnings: ConfigProblem[] = []
  const warn = (key: string, message: string): void => void warnings.push(createWarning(config, { source, key, message }))
  if (read.isExposed) warn('url', `${read.url} is not encrypted: whoever is on the way can read the token`)
  if (!tls.verify) warn('ssl_verify', `certificates of ${read.url} are not verified: whoever is on the way can read the token`)
  if (isIgnored(values)) warn('verify_ssl', '"verify_ssl" has no effect, as in anaconda-client; the name of the key is "ssl_verify"')
  return { name, url: read.url, writtenUrl: written, ...tls, uploadUser: uploadUser === '' ? undefined : uploadUser, warnings }
}

function createWarning(config: AnacondaConfig, { source, key, message }: { readonly source: SiteSource; readonly key: string; readonly message: string }): ConfigProblem {
  if (source.isGiven === true && key === 'url') return { code: 'TARGET_INVALID', where: undefined, key: undefined, message }
  const place = locate(config, source, key)
  return { code: 'CONFIG_INVALID', where: config.where(place), key: formatPath(place), message }
}

function locate(config: AnacondaConfig, { place }: SiteSource, key: string): ValuePath {
  return config.where([...place, key]) === undefined ? [key] : [...place, key]
}

/** `ssl_verify`, and the old `verify_ssl` only where that is null: it is true unless a file sets it, so that the old key alone does nothing (anaconda-client 1.16 too). */
function readVerification(values: ConfigTree): Pick<Site, 'verify' | 'certificates'> | undefined {
  const value = values['ssl_verify'] ?? values['verify_ssl'] ?? true
  if (typeof value === 'boolean') return { verify: value, certificates: undefined }
  return typeof value === 'string' && value !== '' ? { verify: true, certificates: value } : undefined
}

function isIgnored(values: ConfigTree): boolean {
  const old = values['verify_ssl'] ?? undefined
  return old !== undefined && (values['ssl_verify'] ?? null) !== null && old !== values['ssl_verify']
}

function addScheme(url: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `https://${url}`
}

function normalize(url: string): string | undefined {
  const read = readServerUrl(addScheme(trimSlashes(url)))
  return read.status === 'valid' ? read.url : undefined
}

function unknownSite(name: string, known: readonly string[], where: string | undefined): MirrorError<CliErrorCode> {
  const nearest = findNearest(name, known)
  const names = known.map((one) => JSON.stringify(one)).join(', ')
  const place = where === undefined ? '' : ` (${where})`
  const guess = nearest === undefined ? '' : `Did you mean ${JSON.stringify(nearest)}? `
  return new MirrorError('SITE_UNKNOWN', `Cannot use the site ${JSON.stringify(name)}${place}: the configuration of anaconda-client has only ${names}`, {
    hint: `${guess}A site is added with: anaconda config --set sites.NAME.url URL`,
    details: { site: name, known, ...(nearest === undefined ? {} : { nearest }) },
  })
}

function invalid(config: AnacondaConfig, place: ValuePath, what: string): MirrorError<CliErrorCode> {
  const key = formatPath(place)
  return createConfigError([{ code: 'CONFIG_INVALID', where: config.where(place), key, message: redactText(`${JSON.stringify(key)} ${what}`) }])
}
