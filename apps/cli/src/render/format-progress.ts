import type { ChannelProgress } from '../events.ts'
import { formatBytes, formatCount, formatDuration } from './format.ts'

/** How far it is, in words: `1,234 of 3,000 artifacts, 1.2 of 2.9 GB, 12.3 MB/s, 2 m 10 s left`. */
export function formatProgress(progress: ChannelProgress): string {
  const { artifacts, totalArtifacts, bytes, totalBytes, rate } = progress
  const speed = rate > 0 ? `, ${formatBytes(rate)}/s` : ''
  if (totalBytes === 0) return `reading indexes, ${formatBytes(bytes)}${speed}`
  const left = rate > 0 && bytes < totalBytes ? `, ${formatDuration(((totalBytes - bytes) / rate) * 1000)} left` : ''
  return `${formatCount(artifacts)} of ${formatCount(totalArtifacts)} artifacts, ${formatBytes(bytes)} of ${formatBytes(totalBytes)}${speed}${left}`
}

/** A bar of the given inner width; empty before anything is known. */
export function formatBar({ bytes, totalBytes }: ChannelProgress, width: number): string {
  const share = totalBytes === 0 ? 0 : Math.min(1, bytes / totalBytes)
  const filled = Math.floor(share * width)
  return `[${'='.repeat(filled)}${' '.repeat(width - filled)}] ${String(Math.floor(share * 100)).padStart(3)} %`
}
