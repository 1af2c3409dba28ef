import type { ConfigProblem } from './problems.ts'

/** What stands in the place of a secret that was hidden. */
export const HIDDEN = '***'

/** The problem of a URL in which a secret was hidden; undefined for every other. */
export function findHiddenSecret(url: string, place: { readonly key: string; readonly where: string | undefined }): ConfigProblem | undefined {
  const scheme = url.indexOf('://')
  if (scheme < 0) return undefined
  const rest = url.slice(scheme + 3)
  const login = /^(?<login>[^/@]*)@/.exec(rest)?.groups?.['login']?.split(':') ?? []
  if (!login.includes(HIDDEN) && !/\/t\/\*\*\*(?:\/|$)/.test(rest)) return undefined
  return {
    code: 'CONFIG_INVALID',
    where: place.where,
    key: place.key,
    message: `"${place.key}" has *** where a secret was hidden when this file was printed`,
    hint: 'Print it again with --show-secrets, or write the token or password in its place.',
  }
}
