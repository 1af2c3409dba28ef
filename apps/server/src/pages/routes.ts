import { HISTORY_ROUTES } from '../history/routes.ts'
import { createOpenApiRoute } from '../openapi/openapi-route.ts'
import { TAKE_AWAY_ROUTES } from '../take-away/take-away-routes.ts'
import { USE_ROUTES } from '../use/use-page.ts'
import { CATALOGUE_API_ROUTES } from './api-routes.ts'
import { artifactRoute } from './artifact-page.ts'
import { ASSET_ROUTES } from './asset-routes.ts'
import { channelRoute } from './channel-page.ts'
import { channelsRoute } from './channels-page.ts'
import { diskUseRoute } from './disk-use-page.ts'
import { folderRoute } from './folder-route.ts'
import { packageRoute } from './package-page.ts'
import type { PageRoute } from './route.ts'
import { channelSearchRoute, searchRoute } from './search-page.ts'

const DESCRIBED: readonly PageRoute[] = [
  ...ASSET_ROUTES, channelsRoute, searchRoute, channelRoute, channelSearchRoute, packageRoute, artifactRoute, diskUseRoute, ...CATALOGUE_API_ROUTES,
  ...HISTORY_ROUTES, ...USE_ROUTES, ...TAKE_AWAY_ROUTES, folderRoute,
]

/** Every address of the site beside files; those that come first win. */
export const ROUTES: readonly PageRoute[] = [createOpenApiRoute(DESCRIBED), ...DESCRIBED]
