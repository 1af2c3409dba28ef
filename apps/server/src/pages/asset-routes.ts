import { ASSETS } from './assets.ts'
import type { PageRoute, Reply } from './route.ts'

const FOR_EVER = 'public, max-age=31536000, immutable'
const ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#0a6650" d="M1 3.4 8 .2l7 3.2L8 6.6zM1 6.7l7 3.2 7-3.2v2L8 11.9 1 8.7zm0 4.1L8 14l7-3.2v1.8L8 15.8 1 12.6z"/></svg>\n'

const assetRoute = (name: keyof typeof ASSETS): PageRoute => ({
  path: `/-/${name}`,
  summary: `The ${name === 'style.css' ? 'style' : 'script'} of all pages`,
  answer({ query }): Reply {
    const { type, body, version } = ASSETS[name]
    return { type: 'bytes', contentType: type, body, cacheControl: query.get('v') === version ? FOR_EVER : 'no-cache' }
  },
})

/** What pages load. */
export const ASSET_ROUTES: readonly PageRoute[] = [
  assetRoute('style.css'),
  assetRoute('script.js'),
  { path: '/-/icon.svg', summary: 'The icon of all pages', answer: () => ({ type: 'bytes', contentType: 'image/svg+xml', body: Buffer.from(ICON), cacheControl: 'public, max-age=86400' }) },
]
