import type { ServerEvent } from '@mirror/server'
import { escapeControls } from './escape-controls.ts'
import { formatJsonLine } from './render-json.ts'

/** A request that was answered. */
type Access = Extract<ServerEvent, { readonly type: 'request' }>

/**
 * One line of the access log: `combined` as Apache and nginx write it (without referrer and agent, which tell about people and not about the mirror), `json` as all other events.
 */
export function formatAccess(access: Access, { form, now }: { readonly form: 'combined' | 'json'; readonly now: number }): string {
  if (form === 'json') return formatJsonLine({ ...access, duration: Math.round(access.duration * 1000) / 1000 }, now)
  const { client, user, method, path, status, bytes } = access
  return `${escapeControls(`${client} - ${formatUser(user)} [${formatTime(now)}] "${method} ${encodeURI(path).replaceAll('"', '%22')} HTTP/1.1" ${status} ${bytes} "-" "-"`)}\n`
}

/** Programs take it apart by spaces and quotes. */
function formatUser(user: string | undefined): string {
  return user === undefined ? '-' : user.replaceAll(/[\s"]/g, '_')
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function formatTime(now: number): string {
  const [year = '', month = '', day = '', time = ''] = new Date(now).toISOString().split(/[-T]|\./)
  return `${day}/${MONTHS[Number(month) - 1] ?? ''}/${year}:${time} +0000`
}
