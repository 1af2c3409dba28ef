const UNITS: ReadonlyMap<string, number> = new Map([['', 1], ['K', 1024], ['M', 1024 ** 2], ['G', 1024 ** 3], ['T', 1024 ** 4]])
const FAT32_LIMIT = 4 * 1024 ** 3

/** Bytes of a volume as people write it: a number with `K`, `M`, `G` or `T`, in powers of 1024. 4 GiB is one byte less, so that FAT32 takes it. Undefined for anything else. */
export function parseVolumeSize(text: string): number | undefined {
  const [, digits = '', unit = ''] = /^([0-9]{1,12})([KMGT]?)i?B?$/i.exec(text) ?? []
  const size = Number(digits) * (UNITS.get(unit.toUpperCase()) ?? 0)
  if (digits === '' || size === 0 || !Number.isSafeInteger(size)) return undefined
  return size === FAT32_LIMIT ? size - 1 : size
}
