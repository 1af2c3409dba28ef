// The least that a server on node:http does: node bare-server.mjs <processes>. It answers every request with a 304 that has been written down, looks at nothing, and tells its port. What a server in Node can reach on this machine.
import cluster from 'node:cluster'
import { createServer } from 'node:http'

const count = Number(process.argv[2])
const HEADERS = ['etag', '"0123456789abcdef0123456789abcdef"', 'last-modified', 'Sun, 22 Nov 2026 00:00:00 GMT', 'cache-control', 'public, max-age=60', 'accept-ranges', 'bytes', 'content-type', 'application/zstd',
  'x-content-type-options', 'nosniff', 'access-control-allow-origin', '*']

const serve = () => {
  const server = createServer({ noDelay: true, keepAliveTimeout: 65_000 }, (_, response) => response.writeHead(304, HEADERS).end())
  server.listen(0, '127.0.0.1', () => tell(server.address().port))
}

const tell = (port) => (cluster.isPrimary ? process.stdout.write(`${port}\n`) : process.send(port))

if (count === 1) serve()
else if (cluster.isPrimary) {
  let ready = 0
  cluster.on('message', (_, port) => {
    ready += 1
    if (ready === count) tell(port)
  })
  for (let one = 0; one < count; one += 1) cluster.fork()
} else serve()
