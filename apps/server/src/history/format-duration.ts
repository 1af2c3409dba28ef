/** How long something took, in the two largest units. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`
  const seconds = milliseconds / 1000
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return joinUnits([Math.floor(whole / 60), 'min'], [whole % 60, 's'])
  return joinUnits([Math.floor(whole / 3600), 'h'], [Math.floor((whole % 3600) / 60), 'min'])
}

function joinUnits(large: readonly [number, string], small: readonly [number, string]): string {
  return [large, small].filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}`).join(' ')
}
