import type { DifftarEvent } from '@mirror/difftar'
import type { Session } from '../session.ts'

/** Shows what `@mirror/difftar` tells of a delta. */
export function observeDelta({ renderer }: Pick<Session, 'renderer'>, delta: string): (event: DifftarEvent) => void {
  let files = 0
  return (event) => {
    if (event.type === 'delta-opened') {
      files = event.entries
      renderer.render({ type: 'delta-started', delta, work: 'verify', files: event.entries, bytes: event.bytes })
    } else if (event.type === 'delta-verified') {
      renderer.render({ type: 'delta', delta, files: event.entries, bytes: event.bytes })
      if (event.entries === files) renderer.render({ type: 'delta-finished', delta, work: 'verify' })
    } else if (event.type === 'channel-adopting') {
      const place = event.folder === '' ? 'the root of the mirror' : event.folder
      renderer.render({ type: 'notice', code: 'ADOPTING', message: `${place} was changed by something else: what is there is verified and taken over` })
    } else if (event.type === 'tree-warning') {
      renderer.render({ type: 'notice', code: 'TREE', message: `${event.path}: ${event.message}` })
    } else if (event.type === 'volumes-left') {
      renderer.render({ type: 'notice', code: 'VOLUMES_LEFT', message: `volumes of another delta are still kept in ${event.folder}: remove it if they are not needed` })
    }
  }
}
