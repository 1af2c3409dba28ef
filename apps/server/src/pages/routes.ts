import { HISTORY_ROUTES } from '../history/routes.ts'
import { ASSET_ROUTES } from './asset-routes.ts'
import { channelsRoute } from './channels-page.ts'
import type { PageRoute } from './route.ts'

/** Every address of the site beside files; those that come first win. */
export const ROUTES: readonly PageRoute[] = [...ASSET_ROUTES, channelsRoute, ...HISTORY_ROUTES]
