import type { PageRoute } from '../pages/route.ts'
import { createOpenApi } from './create-openapi.ts'

/** The route that describes the others. */
export function createOpenApiRoute(routes: readonly PageRoute[]): PageRoute {
  return { path: '/-/openapi.json', summary: 'The addresses that answer JSON, as OpenAPI 3.1', answer: () => ({ type: 'json', value: createOpenApi(routes) }) }
}
