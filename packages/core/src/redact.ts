const MASK = '***'

// No pattern has one unbounded quantifier inside or right behind another, so each takes linear time. They rather take too
// much than too little: an @ behind a host without a path hides the host.
const CREDENTIALS = /:\/\/[^\s/"<>]*@/g
// A password with a slash that was not escaped. What follows a colon and is no port is one.
const RAW_CREDENTIALS = /:\/\/[^\s/:@"<>]{0,128}:(?!\d{1,5}(?:[/\s"]|$))[^\s"<>]{1,256}@/g
const PATH_TOKEN = /\/t\/[^\s/?#"<>]+/g
const ESCAPED_PATH_TOKEN = /%2ft%2f[^\s/?#"<>%&]+/gi
const SECRET_HEADER = /((?:authorization|x-api-key|x-auth-token|cookie)["']?\s{0,9}[:=]\s{0,9}["']?)[^\r\n"']+/gi
const SCHEME_AND_TOKEN = /\b(bearer|basic) [\w.~+/=-]{16,}/gi
const SECRET_NAMES = [
  'access[_-]?token', 'token', 'api[_-]?key', 'key', 'password', 'passwd', 'secret', 'sig', 'signature', 'auth',
  'x-amz-signature', 'x-amz-credential', 'x-amz-security-token',
]
const SECRET_PARAMETER = new RegExp(`([?&](?:${SECRET_NAMES.join('|')})=)[^&\\s"'<>#]+`, 'gi')

/**
 * For people: the URL stays recognisable, its secrets do not. Masks user name and password, `/t/<token>/` of the path, the
 * query and the fragment. Text that is no URL loses all before its last `@`, then what `redactText` masks. Never throws.
 */
export function redactUrl(url: URL | string): string {
  const parsed = typeof url === 'string' ? URL.parse(url) : url
  if (parsed === null || !parsed.href.startsWith(`${parsed.protocol}//`)) return redactBroken(String(url))
  const credentials = parsed.username === '' && parsed.password === '' ? '' : `${MASK}@`
  const query = parsed.search === '' ? '' : `?${MASK}`
  const fragment = parsed.hash === '' ? '' : `#${MASK}`
  return `${parsed.protocol}//${credentials}${parsed.host}${redactPath(parsed.pathname)}${query}${fragment}`
}

/** No URL, but meant as one: what precedes its last @ are credentials, spaces and all. */
function redactBroken(text: string): string {
  const start = text.indexOf('://')
  const end = text.lastIndexOf('@')
  return redactText(start < 0 || end < start ? text : `${text.slice(0, start)}://${MASK}${text.slice(end)}`)
}

/**
 * For messages of others, which may quote anything: masks credentials and `/t/<token>` in every URL of the text, values of
 * Authorization and similar headers, bearer tokens, and parameters that are secrets by their name. Linear time. Never throws.
 */
export function redactText(text: string): string {
  return redactPath(text.replace(CREDENTIALS, `://${MASK}@`).replace(RAW_CREDENTIALS, `://${MASK}@`))
    .replace(SECRET_PARAMETER, `$1${MASK}`)
    .replace(SECRET_HEADER, `$1${MASK}`)
    .replace(SCHEME_AND_TOKEN, `$1 ${MASK}`)
}

function redactPath(path: string): string {
  return path.replace(PATH_TOKEN, `/t/${MASK}`).replace(ESCAPED_PATH_TOKEN, `%2Ft%2F${MASK}`)
}

/**
 * For what is stored or compared: the URL without user name, password, `/t/<token>`, query and fragment, as the URL standard
 * writes it. Undefined for text that is no URL with an authority.
 */
export function stripUrl(url: URL | string): string | undefined {
  const parsed = typeof url === 'string' ? URL.parse(url) : url
  if (parsed === null || !parsed.href.startsWith(`${parsed.protocol}//`)) return undefined
  const { path } = splitToken(parsed.pathname)
  return `${parsed.protocol}//${parsed.host}${path}`
}

/** A path and the token that was in it. */
export interface SplitPath {
  /** Without `/t/<token>`. */
  readonly path: string
  readonly token: string | undefined
  /** How many characters of the path precede `/t/<token>`. */
  readonly position: number
}

/** Takes the first `/t/<token>` out of the path of a URL, wherever it stands: conda looks for it in the same way. */
export function splitToken(path: string): SplitPath {
  const found = /\/t\/([^/]+)/.exec(path)
  if (found === null) return { path, token: undefined, position: 0 }
  const rest = path.slice(found.index + found[0].length)
  return { path: `${path.slice(0, found.index)}${rest === '' ? '/' : rest}`, token: found[1], position: found.index }
}
