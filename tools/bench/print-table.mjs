/** A line. */
export const print = (line = '') => process.stdout.write(`${line}\n`)

/** A number with its unit. */
export const number = (value, unit, digits = 2) => (value === undefined ? '-' : `${value.toFixed(digits)} ${unit}`)

/** A row a contestant: against the first of them, which is ours. Targets by the name of the other. */
export const printTable = (title, results, targets = {}) => {
  const rows = [...results].map(([name, { wall, least, cpu, peak }]) => [name, number(wall, 's'), number(least, 's'), number(cpu, 's'), number(peak, 'MiB', 0)])
  const table = [['', 'wall', 'least', 'CPU', 'peak'], ...rows]
  const widths = table[0].map((_cell, column) => Math.max(...table.map((row) => row[column].length)))
  print(`\n${title}`)
  for (const row of table) print(`  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('  ')}`)
  const [[, ours], ...others] = results
  for (const [name, theirs] of others) {
    const cpu = ours.cpu === undefined || !(theirs.cpu > 0) ? '' : `, ${(ours.cpu / theirs.cpu).toFixed(2)}x the CPU`
    print(`  ours is ${(ours.wall / theirs.wall).toFixed(2)}x the wall of ${name}${cpu}${targets[name] === undefined ? '' : `; target: ${targets[name]}`}`)
  }
}
