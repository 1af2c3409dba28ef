import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** A self-signed certificate and its key, as PEM texts; the certificate is its own authority. */
export interface Certificate {
  readonly key: string
  readonly cert: string
}

/** Whose certificate, and for how long. */
export interface CertificateOptions {
  /** Subject alternative names, default `IP:127.0.0.1` and `DNS:localhost`. */
  readonly names?: readonly string[]
  /** true: its time was over years ago. */
  readonly expired?: boolean
}

const CONFIG = `[ca]
default_ca = own
[own]
database = index.txt
new_certs_dir = .
serial = serial
default_md = sha256
policy = any
x509_extensions = extensions
[any]
commonName = supplied
[req]
distinguished_name = subject
[subject]
[extensions]
basicConstraints = critical, CA:TRUE
`

/** Makes a certificate with the openssl command, in a folder of its own; undefined where that command is absent. */
export async function createCertificate(folder: string, options: CertificateOptions = {}): Promise<Certificate | undefined> {
  await mkdir(folder, { recursive: true })
  const names = options.names ?? ['IP:127.0.0.1', 'DNS:localhost']
  await writeFile(join(folder, 'ca.conf'), `${CONFIG}subjectAltName = ${names.join(', ')}\n`)
  await writeFile(join(folder, 'index.txt'), '')
  await writeFile(join(folder, 'serial'), '01\n')
  const [start, end] = options.expired === true ? ['20200101000000Z', '20200201000000Z'] : ['20200101000000Z', '20990101000000Z']
  try {
    await runOpenssl(folder, 'req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out request.pem -subj /CN=fixture -config ca.conf')
    await runOpenssl(folder, `ca -batch -selfsign -notext -config ca.conf -keyfile key.pem -in request.pem -out cert.pem -startdate ${start} -enddate ${end}`)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  return { key: await readFile(join(folder, 'key.pem'), 'utf8'), cert: await readFile(join(folder, 'cert.pem'), 'utf8') }
}

async function runOpenssl(folder: string, command: string): Promise<void> {
  await promisify(execFile)('openssl', command.split(' '), { cwd: folder })
}
