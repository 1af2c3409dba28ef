import { DELTA_FOLDER } from '@mirror/delta'

/** Where a volume says what it is; the first member of each volume of a delta that is split. */
export const VOLUME_PATH: string = `${DELTA_FOLDER}/volume.json`

/** What a volume says of itself. */
export interface VolumeNote {
  /** The seal of the manifest. */
  readonly delta: string
  /** From 1. */
  readonly volume: number
  readonly of: number
}

/** Formats the note of a volume: one line of JSON. */
export function formatVolumeNote({ delta, volume, of }: VolumeNote): string {
  return `${JSON.stringify({ delta, volume, of })}\n`
}

const NOTE = /^\{"delta":"([0-9a-f]{64})","volume":([1-9][0-9]{0,5}),"of":([1-9][0-9]{0,5})\}\n$/

/** Reads the note of a volume; undefined for anything else. */
export function parseVolumeNote(text: string): VolumeNote | undefined {
  const [, delta = '', volume = '', of = ''] = NOTE.exec(text) ?? []
  return delta === '' ? undefined : { delta, volume: Number(volume), of: Number(of) }
}
