import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { MirrorError, redactUrl } from '@mirror/core'
import { createUploadTarget, type TargetCredential, type TargetKind, type UploadTarget } from '@mirror/repository-client'
import type { UploadEvent } from '@mirror/sync'
import type { CliErrorCode } from '../../error-codes.ts'
import type { Session } from '../session.ts'
import { type AnacondaConfig, readAnacondaConfig } from '../../config/target/anaconda-config.ts'
import { findAnacondaToken } from '../../config/target/anaconda-token.ts'
import { findTargetCredential, hintForCredential } from '../../config/target/find-target-credential.ts'
import { resolveSite } from '../../config/target/resolve-site.ts'
import type { Site } from '../../config/target/site.ts'
import { parseTargetUrl } from '../../config/target/target-url.ts'
import { type ConfigProblem, formatProblem } from '../../config/problems.ts'

/** A target that is known, and who we are there. */
interface TargetPlace {
  readonly kind: TargetKind
  readonly url: string
  readonly channel: string
  readonly credential: TargetCredential | undefined
  readonly loginHint: string
  /** A file with certificates, in place of that of the configuration. */
  readonly certificates: string | undefined
  readonly insecure: boolean
}

/** The account that `cas-sync-api-v4` always published into. */
const STANDARD_CHANNEL = 'anaconda'

/** Where a run uploads to. Each channel has events of its own, and all go to the same place. */
export interface PreparedTarget {
  /** URL and channel, for people. */
  readonly name: string
  readonly open: (options: { readonly spoolFolder: string; readonly observe: (event: UploadEvent) => void }) => UploadTarget
}

/**
 * Finds out where to upload to: `--to`, else `dest_url`, else the site of anaconda-client that `dest_site` names; and who we are there. Opens no connection. Throws
 * `TARGET_INVALID`, `SITE_UNKNOWN`, `SITE_UNDECIDED`, `NOT_LOGGED_IN`, `CONFIG_INVALID`, `CONFIG_UNREADABLE`.
 */
export async function prepareTarget(session: Session): Promise<PreparedTarget> {
  const { config, env } = session
  const place = await findPlace(session)
  const ca = place.certificates === undefined ? undefined : await readCertificates(resolve(session.cwd, place.certificates))
  const { upload, timeouts, bandwidth } = config
  const open: PreparedTarget['open'] = ({ spoolFolder, observe }) => createUploadTarget({
    ...place,
    spoolFolder,
    observe,
    proxy: { httpProxy: env.proxies.http, httpsProxy: env.proxies.https, noProxy: env.proxies.none },
    timeouts: { connect: timeouts.connect },
    isPublic: upload.access !== 'private',
    ...(upload.labels === undefined ? {} : { labels: upload.labels }),
    ...(upload.concurrency === undefined ? {} : { concurrency: upload.concurrency }),
    ...(bandwidth === undefined ? {} : { bandwidth }),
    ...(ca === undefined ? {} : { ca }),
  })
  return { name: redactUrl(`${place.url}/${place.channel}`), open }
}

async function findPlace(session: Session): Promise<TargetPlace> {
  const { flags, config: { upload } } = session
  const given = flags.to ?? upload.url
  if (flags.api === 'v4') return await findSite(session)
  if (flags.api === 'v5') return await findServer(session, serverUrl(session))
  return given === undefined ? await findSite(session) : await findServer(session, given)
}

/** `dest_site` of a version 5 was the address of the server; the channel stood beside it. */
function serverUrl({ config: { upload: { url, site, channel } } }: Session): string {
  if (url !== undefined) return url
  if (site !== undefined && /^https?:\/\//i.test(site) && channel !== undefined) return `anaconda6+${site.replace(/\/+$/, '')}/${channel.replace('/', '%2F')}`
  throw new MirrorError<CliErrorCode>('TARGET_INVALID', 'Cannot upload: the configuration does not say to which server and channel', {
    hint: 'Set "dest_site" to the URL of the Anaconda Server and "dest_channel" to the channel, or "dest_url" to anaconda6+https://HOST/CHANNEL.',
  })
}

async function findSite(session: Session): Promise<TargetPlace> {
  const { config: { upload }, env } = session
  const anaconda = await readAnacondaConfig(env)
  const place = await enterSite(session, { anaconda, name: upload.site })
  return { ...place, channel: upload.channel ?? place.uploadUser ?? STANDARD_CHANNEL }
}

async function findServer(session: Session, text: string): Promise<TargetPlace> {
  const { config: { certificates }, env, now } = session
  const { kind, url, channel, warning } = parseTargetUrl(text)
  if (kind === 'anaconda') return { ...await enterSite(session, { anaconda: await readAnacondaConfig(env), name: url }), channel }
  if (warning !== undefined) session.renderer.render({ type: 'notice', code: 'TARGET_EXPOSED', message: warning })
  const { found, warnings } = await findTargetCredential({ kind, url }, env, { now: now() })
  tell(session, warnings)
  const loginHint = hintForCredential({ kind, url })
  // Of these, Artifactory alone may let anybody write.
  if (found === undefined && kind !== 'artifactory') throw new MirrorError<CliErrorCode>('NOT_LOGGED_IN', `Cannot upload to ${url}: there is no token for it`, { hint: loginHint })
  return { kind, url, channel, certificates, insecure: false, credential: found?.credential, loginHint }
}

interface SiteChoice {
  readonly anaconda: AnacondaConfig
  readonly name: string | undefined
}

/** A site of anaconda-client, and the token that it has for it. */
async function enterSite(session: Session, { anaconda, name }: SiteChoice): Promise<Omit<TargetPlace, 'channel'> & Pick<Site, 'uploadUser'>> {
  const site = resolveSite(anaconda, name)
  tell(session, [...anaconda.warnings, ...site.warnings])
  const { token, warnings } = await findAnacondaToken(site, session.env)
  tell(session, warnings)
  return {
    kind: 'anaconda', url: site.url, credential: { type: 'token', token }, uploadUser: site.uploadUser, insecure: !site.verify,
    loginHint: `Log in again${site.name === undefined ? '' : `: \`anaconda -s ${site.name} login\``}, or give another token in BINSTAR_API_TOKEN.`,
    certificates: site.certificates ?? session.config.certificates,
  }
}

function tell({ renderer }: Session, warnings: readonly ConfigProblem[]): void {
  for (const warning of warnings) renderer.render({ type: 'notice', code: warning.code, message: formatProblem(warning) })
}

/** A file, or a folder as OpenSSL has it. */
const CERTIFICATE = /\.(?:pem|crt|cer|\d+)$/

async function readCertificates(path: string): Promise<string> {
  try {
    if (!(await stat(path)).isDirectory()) return await readFile(path, 'utf8')
    const names = (await readdir(path)).filter((name) => CERTIFICATE.test(name)).toSorted()
    return (await Promise.all(names.map(async (name) => await readFile(join(path, name), 'utf8')))).join('\n')
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new MirrorError<CliErrorCode>('CONFIG_UNREADABLE', `Cannot read the certificates ${JSON.stringify(path)}: ${reason}`, { cause: error })
  }
}
