import { isJsonObject } from '@mirror/core'
import { BrokenArtifact } from './broken-artifact.ts'

/** An object of JSON. */
export type JsonObject = Readonly<Record<string, unknown>>

const DEEPEST = 100

/** Reads a file of an artifact that has to be a JSON object. Throws `BrokenArtifact` for anything else, for bytes that are no UTF-8, and for lists in lists beyond a depth of 100. */
export function readJsonObject(path: string, bytes: Buffer): JsonObject {
  const value = parse(path, decode(path, bytes))
  if (!isJsonObject(value)) throw new BrokenArtifact(`${path} is not a JSON object`)
  if (isDeeper(value, DEEPEST)) throw new BrokenArtifact(`${path} is nested more than ${DEEPEST} deep`)
  return value
}

function decode(path: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new BrokenArtifact(`${path} is not UTF-8`, { cause })
  }
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new BrokenArtifact(`${path} is not JSON`, { cause })
  }
}

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return depth === 0 || Object.values(value).some((inner) => isDeeper(inner, depth - 1))
}
