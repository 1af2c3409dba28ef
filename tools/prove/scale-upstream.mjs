// An upstream of any size: node scale-upstream.mjs <folder>. Serves its indexes from the folder, and makes artifacts from their names. Tells its port, and how many requests it had, on stdout.
import { createServer } from 'node:http'
import { createReadStream, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import process from 'node:process'

const [folder, faults = '0'] = process.argv.slice(2)
/** Every so many requests for an artifact fail; 0: none. */
const every = Number(faults)
const counts = { requests: 0, artifacts: 0, failed: 0, notModified: 0 }

const sendIndex = (path, request, response) => {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return response.writeHead(404, { 'content-length': '0' }).end()
  const etag = `"${stats.size}-${stats.mtimeMs}"`
  if (request.headers['if-none-match'] === etag) {
    counts.notModified += 1
    return response.writeHead(304, { etag }).end()
  }
  response.writeHead(200, { etag, 'content-length': String(stats.size), 'last-modified': stats.mtime.toUTCString() })
  return request.method === 'HEAD' ? response.end() : createReadStream(path).pipe(response)
}

const server = createServer((request, response) => {
  counts.requests += 1
  const path = decodeURIComponent(new URL(request.url, 'http://x').pathname)
  if (path === '/counts') return response.end(JSON.stringify(counts))
  if (!path.endsWith('.conda')) return sendIndex(join(folder, ...path.split('/').slice(2)), request, response)
  counts.artifacts += 1
  if (every > 0 && counts.artifacts % every === 0) {
    counts.failed += 1
    return response.writeHead(503, { 'content-length': '0' }).end()
  }
  const bytes = Buffer.from(basename(path))
  return response.writeHead(200, { 'content-length': String(bytes.length) }).end(bytes)
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`))
