import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

const findPort = () =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })

const configuration = ({ folder, port, root, rules }) => `
daemon off;
worker_processes 1;
pid ${folder}/pid;
error_log ${folder}/error.log;
events { worker_connections 1024; }
http {
  log_format asked escape=none '$request_method $uri $status $http_if_none_match';
  access_log ${folder}/access.log asked;
  default_type application/octet-stream;
  sendfile on;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port};
    root ${root};
    location ~ /\\. { return 404; }
    ${rules}
  }
}
`

/** Real nginx over a folder: `{ url, requests, takeRequests, close }`; a request reads `GET /path 200 "etag"`. `rules` are more lines of its server. */
export const startNginx = async (nginx, { folder, root, rules = '' }) => {
  mkdirSync(folder, { recursive: true })
  const port = await findPort()
  writeFileSync(join(folder, 'nginx.conf'), configuration({ folder, port, root, rules }))
  // As root it would give its workers to another user, who may not read temporary folders.
  const user = process.getuid?.() === 0 ? ['-g', 'user root;'] : []
  const child = spawn(nginx, ['-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf'), ...user], { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.once('close', resolve))
  const url = `http://127.0.0.1:${port}/`
  for (let tries = 0; ; tries += 1) {
    const answer = await fetch(url).catch(() => undefined)
    if (answer !== undefined) break
    if (tries > 100 || child.exitCode !== null) throw new Error(`nginx did not start: ${readFileSync(join(folder, 'error.log'), 'utf8')}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const requests = () => readFileSync(join(folder, 'access.log'), 'utf8').split('\n').filter((line) => line !== '')
  let taken = requests().length
  return {
    url,
    /** What was asked since the last call. */
    takeRequests: () => {
      const all = requests()
      const fresh = all.slice(taken)
      taken = all.length
      return fresh
    },
    close: async () => {
      child.kill('SIGQUIT')
      await ended
    },
  }
}
