/**
 * What the C library gives back to the system as soon as it is free, whatever lies around it (glibc maps requests of 32 MiB and more on their own). Chunks of some hundred KiB each would come from a heap that they
 * leave full of holes: with a million artifacts, a third of the memory of a sync. Pages that nobody wrote to take no memory.
 */
const SLAB_BYTES = 33 << 20
/** Eight bytes: any cell may start there. */
const ALIGNMENT = 7

/** Zeroed memory for at least so many bytes. */
export function createSlab(bytes: number): ArrayBuffer {
  return new ArrayBuffer(Math.max(SLAB_BYTES, bytes))
}

/** Memory for what lives and dies together. */
export interface Arena {
  /** So many bytes, all zero. */
  readonly take: (bytes: number) => { readonly buffer: ArrayBuffer; readonly start: number }
}

/** An empty arena. */
export function createArena(): Arena {
  let slab: ArrayBuffer | undefined
  let used = 0
  return {
    take(bytes) {
      if (slab === undefined || used + bytes > slab.byteLength) {
        slab = createSlab(bytes)
        used = 0
      }
      const start = used
      used = (used + bytes + ALIGNMENT) & ~ALIGNMENT
      return { buffer: slab, start }
    },
  }
}
