import { getBuiltinModule } from 'node:process'

/** Loaded when a shard is read or written: it takes 7 MiB with `node:crypto`, and most programs see no shard. */
export function loadZlib(): typeof import('node:zlib') {
  return getBuiltinModule('node:zlib')
}

/** The sha256 of bytes as hex; loaded late like `loadZlib`. */
export function hashSha256(bytes: Uint8Array): string {
  return getBuiltinModule('node:crypto').hash('sha256', bytes)
}
