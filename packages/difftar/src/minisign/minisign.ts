import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, scryptSync, sign, timingSafeEqual, verify } from 'node:crypto'
import { difftarError } from '../difftar-error.ts'
import { blake2b } from './blake2b.ts'

/** A public key of minisign: 8 bytes that name it, and an ed25519 key (RFC 8032). */
export interface PublicKey {
  /** 16 upper-case hex digits, as minisign shows them. */
  readonly id: string
  readonly bytes: Uint8Array
}

/** A secret key of minisign. Never printed. */
export interface SecretKey {
  readonly id: string
  /** The ed25519 seed, then the public key. */
  readonly bytes: Uint8Array
}

/** A key pair as the two files of minisign. */
export interface KeyPairFiles {
  readonly id: string
  readonly publicKey: string
  readonly secretKey: string
}

const ALGORITHM = Buffer.from('Ed')
const HASHED = 'ED'
const NO_KDF = Buffer.alloc(2)
const SCRYPT = Buffer.from('Sc')
const CHECKSUM = Buffer.from('B2')
const SALT_BYTES = 32
const SECRET_BYTES = 158
const XOR_START = 54

/** Makes a key pair; the secret key is not encrypted, like that of `minisign -G -W`: who may read the file may sign. */
export function createKeyPair(): KeyPairFiles {
  const { privateKey } = generateKeyPairSync('ed25519')
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' })
  const bytes = Buffer.concat([Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')])
  const keyId = randomBytes(8)
  const checksum = blake2b(Buffer.concat([ALGORITHM, keyId, bytes]), 32)
  const secret = Buffer.concat([ALGORITHM, NO_KDF, CHECKSUM, Buffer.alloc(SALT_BYTES), Buffer.alloc(16), keyId, bytes, checksum])
  const id = formatId(keyId)
  return {
    id,
    publicKey: `untrusted comment: minisign public key ${id}\n${Buffer.concat([ALGORITHM, keyId, bytes.subarray(32)]).toString('base64')}\n`,
    secretKey: `untrusted comment: minisign secret key ${id}\n${secret.toString('base64')}\n`,
  }
}

/** Reads a public key: a file of minisign, or its second line alone. Throws `KEY_INVALID`. */
export function parsePublicKey(text: string): PublicKey {
  const bytes = decodeLine(lastLine(text), 42)
  if (bytes === undefined || !bytes.subarray(0, 2).equals(ALGORITHM)) throw invalid('it is not a public key of minisign')
  return { id: formatId(bytes.subarray(2, 10)), bytes: bytes.subarray(10) }
}

/** Reads a secret key of minisign; an encrypted one needs its password, and a gigabyte of memory as minisign made it. Throws `KEY_INVALID`. */
export function parseSecretKey(text: string, password?: string): SecretKey {
  const bytes = decodeLine(lastLine(text), SECRET_BYTES)
  if (bytes === undefined || !bytes.subarray(0, 2).equals(ALGORITHM) || !bytes.subarray(4, 6).equals(CHECKSUM)) throw invalid('it is not a secret key of minisign')
  const isEncrypted = bytes.subarray(2, 4).equals(SCRYPT)
  if (!isEncrypted && !bytes.subarray(2, 4).equals(NO_KDF)) throw invalid('it is encrypted in an unknown way')
  const plain = isEncrypted ? decrypt(bytes, password) : bytes.subarray(XOR_START)
  const [keyId, key] = [plain.subarray(0, 8), plain.subarray(8, 72)]
  if (!hasRightChecksum(plain, isEncrypted) || !isPair(key)) throw invalid(isEncrypted ? 'the password is wrong' : 'it is damaged')
  return { id: formatId(keyId), bytes: key }
}

/** Minisign leaves the checksum of a key out that it does not encrypt. */
function hasRightChecksum(plain: Buffer, isEncrypted: boolean): boolean {
  const checksum = plain.subarray(72)
  if (!isEncrypted && checksum.every((byte) => byte === 0)) return true
  return timingSafeEqual(blake2b(Buffer.concat([ALGORITHM, plain.subarray(0, 72)]), 32), checksum)
}

/** True when the second half is the public key of the first. */
function isPair(key: Buffer): boolean {
  return derivePoint(key.subarray(0, 32)) === key.subarray(32).toString('base64url')
}

/** In front of the seed in PKCS #8 (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

function derivePoint(seed: Buffer): string | undefined {
  const privateKey = createPrivateKey({ format: 'der', type: 'pkcs8', key: Buffer.concat([PKCS8, seed]) })
  return createPublicKey(privateKey).export({ format: 'jwk' }).x
}

/** The limits of libsodium's scrypt as N, r and p, by its own rule (`pickparams`). */
function scryptParameters(operations: number, memory: number): { readonly N: number; readonly r: number; readonly p: number } {
  const r = 8
  const limit = Math.max(32768, operations)
  const power = (most: number): number => {
    let exponent = 1
    while (exponent < 63 && 2 ** exponent <= most / 2) exponent += 1
    return exponent
  }
  if (limit < memory / 32) return { N: 2 ** power(limit / (r * 4)), r, p: 1 }
  const N = 2 ** power(memory / (r * 128))
  return { N, r, p: Math.floor(Math.min(limit / 4 / N, 0x3fffffff) / r) }
}

const MOST_MEMORY = 2 ** 31

function decrypt(bytes: Buffer, password: string | undefined): Buffer {
  if (password === undefined) throw invalid('it is encrypted, and no password was given')
  const [operations, memory] = [Number(bytes.readBigUInt64LE(38)), Number(bytes.readBigUInt64LE(46))]
  if (memory > MOST_MEMORY || operations > MOST_MEMORY) throw invalid('to decrypt it would take too much memory')
  const parameters = scryptParameters(operations, memory)
  const cipher = bytes.subarray(XOR_START)
  const stream = scryptSync(password, bytes.subarray(6, 38), cipher.length, { ...parameters, maxmem: 2 * MOST_MEMORY })
  return Buffer.from(cipher.map((byte, place) => byte ^ (stream[place] ?? 0)))
}

/** Signs bytes as `minisign -S` does: BLAKE2b-512 of them, and the trusted comment with it. Answers the signature file. */
export function signBytes(message: Uint8Array, { key, comment }: { readonly key: SecretKey; /** One line. */ readonly comment: string }): string {
  if (/[\r\n]/.test(comment)) throw new RangeError('A comment has one line')
  const [seed, point] = [Buffer.from(key.bytes.subarray(0, 32)), Buffer.from(key.bytes.subarray(32))]
  const privateKey = createPrivateKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', d: seed.toString('base64url'), x: point.toString('base64url') } })
  const signature = sign(null, createHash('blake2b512').update(message).digest(), privateKey)
  const global = sign(null, Buffer.concat([signature, Buffer.from(comment)]), privateKey)
  const line = Buffer.concat([Buffer.from(HASHED), idBytes(key.id), signature]).toString('base64')
  return `untrusted comment: signature from minisign secret key\n${line}\ntrusted comment: ${comment}\n${global.toString('base64')}\n`
}

/** What came of looking at a signature. */
export type SignatureCheck =
  | { readonly status: 'right'; readonly key: PublicKey; readonly comment: string }
  /** No trusted key has the name in it. */
  | { readonly status: 'unknown-key'; readonly id: string }
  /** It is none of today, or not of these bytes. */
  | { readonly status: 'wrong' }

/**
 * Verifies a signature file of minisign over bytes with any of the trusted keys, the trusted comment included. The old form, which signs the bytes themselves, is `wrong` unless it is allowed: minisign has not made
 * it since 0.10.
 */
export function verifySignature(message: Uint8Array, { signature, keys, allowLegacy = false }: { readonly signature: string; readonly keys: readonly PublicKey[]; readonly allowLegacy?: boolean }): SignatureCheck {
  const parsed = parseSignature(signature)
  if (parsed === undefined || !(parsed.isHashed || allowLegacy)) return { status: 'wrong' }
  const { id, bytes, comment, global, isHashed } = parsed
  const named = keys.filter((key) => key.id === id)
  if (named.length === 0) return { status: 'unknown-key', id }
  const signed = isHashed ? createHash('blake2b512').update(message).digest() : message
  const key = named.find((candidate) => isRight(candidate, signed, bytes) && isRight(candidate, Buffer.concat([bytes, Buffer.from(comment)]), global))
  return key === undefined ? { status: 'wrong' } : { status: 'right', key, comment }
}

const TRUSTED = 'trusted comment: '

interface ParsedSignature {
  readonly id: string
  readonly isHashed: boolean
  readonly bytes: Uint8Array
  readonly comment: string
  /** The signature of `bytes` and the comment. */
  readonly global: Uint8Array
}

/** Four lines, of which the first is for people alone. */
function parseSignature(text: string): ParsedSignature | undefined {
  const [, first = '', trusted = '', second = '', ...others] = text.replaceAll('\r\n', '\n').split('\n')
  const [line, global] = [decodeLine(first, 74), decodeLine(second, 64)]
  const isWhole = trusted.startsWith(TRUSTED) && others.every((more) => more === '')
  if (line === undefined || global === undefined || !isWhole) return undefined
  const algorithm = line.toString('latin1', 0, 2)
  if (algorithm !== HASHED && algorithm !== 'Ed') return undefined
  return { id: formatId(line.subarray(2, 10)), isHashed: algorithm === HASHED, bytes: line.subarray(10), comment: trusted.slice(TRUSTED.length), global }
}

function isRight(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  const publicKey = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(key.bytes).toString('base64url') } })
  return verify(null, message, publicKey, signature)
}

function lastLine(text: string): string {
  return text.trim().split(/\r?\n/).at(-1) ?? ''
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

function decodeLine(text: string, length: number): Buffer | undefined {
  const bytes = BASE64.test(text) ? Buffer.from(text, 'base64') : undefined
  return bytes?.length === length && bytes.toString('base64') === text ? bytes : undefined
}

/** Minisign shows the name of a key as a number, so its bytes from behind. */
function formatId(bytes: Uint8Array): string {
  return Buffer.from(bytes).reverse().toString('hex').toUpperCase()
}

function idBytes(id: string): Buffer {
  return Buffer.from(id, 'hex').reverse()
}

function invalid(what: string): Error {
  return difftarError('KEY_INVALID', `Cannot use the key: ${what}`, { hint: 'Use a key file that minisign, or `conda-diff-tar --new-key`, made.' })
}
