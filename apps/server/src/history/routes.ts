import type { PageRoute } from '../pages/route.ts'
import { changesApiRoute, changesRoute } from './changes-page.ts'
import { historyApiRoute, historyRoute } from './history-page.ts'

/** What tells how a channel came to be what it is. */
export const HISTORY_ROUTES: readonly PageRoute[] = [historyRoute, changesRoute, historyApiRoute, changesApiRoute]
