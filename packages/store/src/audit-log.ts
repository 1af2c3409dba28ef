import fs from 'node:fs'
import { isJsonObject } from '@mirror/core'
import type { DiskPaths } from './disk-paths.ts'
import { parseJson } from './disk-write.ts'

/** What the log says of a commit. */
export interface AuditLine {
  readonly generation: number
  /** ISO 8601. */
  readonly time: string
  readonly add: number
  readonly remove: number
  readonly reused: number
  /** How many artifacts are listed afterwards. */
  readonly artifacts: number
  /** Of how many bytes; undefined in lines of the first versions. */
  readonly bytes: number | undefined
}

/** Room for so many lines. */
const LINE = 320

/** The last commits of the log, oldest first, at most `most`; lines that cannot be read are skipped. The log itself may be of any length. */
export function readAuditLog({ log }: Pick<DiskPaths, 'log'>, most: number): readonly AuditLine[] {
  const { text, isWhole } = readEnd(log, most * LINE)
  const lines = text.split('\n')
  return (isWhole ? lines : lines.slice(1)).flatMap((line) => parseLine(line) ?? []).slice(-most)
}

function readEnd(path: string, most: number): { readonly text: string; readonly isWhole: boolean } {
  const size = fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size === 0) return { text: '', isWhole: true }
  const fd = fs.openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(Math.min(size, most))
    return { text: buffer.toString('utf8', 0, fs.readSync(fd, buffer, 0, buffer.length, size - buffer.length)), isWhole: size <= most }
  } finally {
    fs.closeSync(fd)
  }
}

function parseLine(line: string): AuditLine | undefined {
  const value = parseJson(line)
  if (!isJsonObject(value)) return undefined
  const { time, bytes } = value
  const [generation, add, remove, reused, artifacts] = ['generation', 'add', 'remove', 'reused', 'artifacts'].map((key) => readCount(value[key]))
  if (typeof time !== 'string' || Number.isNaN(Date.parse(time))) return undefined
  if (generation === undefined || add === undefined || remove === undefined || reused === undefined || artifacts === undefined) return undefined
  return { generation, time, add, remove, reused, artifacts, bytes: readCount(bytes) }
}

function readCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
