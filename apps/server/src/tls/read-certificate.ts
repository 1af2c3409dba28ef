import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { MirrorError } from '@mirror/core'
import type { ServerErrorCode } from '../error-codes.ts'

/** Where certificate and key lie, as PEM files, by absolute paths. */
export interface TlsFiles {
  /** That of the server first, then those between it and its authority. */
  readonly certificate: string
  readonly key: string
}

/** A certificate and its key, which belong together. */
export interface Certificate {
  readonly cert: Buffer
  readonly key: Buffer
  /** Milliseconds since 1970: from then on, clients refuse it. */
  readonly expires: number
}

/** Reads a certificate and its key. Throws `TLS_INVALID` with the path of what is wrong, and without a word of the key. */
export async function readCertificate(files: TlsFiles): Promise<Certificate> {
  // One after the other, so that the same fault is told each time.
  const cert = await readPem(files.certificate, 'certificate')
  const key = await readPem(files.key, 'key')
  const certificate = parseCertificate(cert, files.certificate)
  const secret = parseKey(key, files.key)
  if (!certificate.checkPrivateKey(secret)) throw invalid('certificate', files.certificate, { what: `the key in ${JSON.stringify(files.key)} is that of another`, hint: 'Copy both from the same renewal; the certificate of the server comes first in its file.' })
  try {
    createSecureContext({ cert, key })
  } catch (cause) {
    throw invalid('certificate', files.certificate, { what: reasonOf(cause), hint: 'All that stands in the file has to be certificates in PEM.', cause })
  }
  return { cert, key, expires: Date.parse(certificate.validTo) }
}

async function readPem(path: string, thing: 'certificate' | 'key'): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw invalid(thing, path, { what: reasonOf(cause), hint: 'The user that the server runs as must be able to read it.', cause })
  }
}

function parseCertificate(pem: Buffer, path: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (cause) {
    throw invalid('certificate', path, { what: 'this is no certificate in PEM', hint: 'It begins with -----BEGIN CERTIFICATE-----.', cause })
  }
}

/** The cause is left out: nothing of a key is to come into a log. */
function parseKey(pem: Buffer, path: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch {
    const needsPassphrase = pem.includes('ENCRYPTED')
    throw invalid('key', path, {
      what: needsPassphrase ? 'it is kept under a passphrase' : 'this is no private key in PEM',
      hint: needsPassphrase ? 'Write it without one (openssl pkey), readable for the server alone.' : 'It begins with -----BEGIN PRIVATE KEY-----, or the like.',
    })
  }
}

function invalid(thing: 'certificate' | 'key', path: string, { what, hint, cause }: { readonly what: string; readonly hint: string; readonly cause?: unknown }): MirrorError<ServerErrorCode> {
  return new MirrorError('TLS_INVALID', `Cannot use the ${thing} ${JSON.stringify(path)}: ${what}`, { hint, ...(cause === undefined ? {} : { cause }) })
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
