import { DIFFTAR_FLAGS, type DifftarFlag } from './flags.ts'

/** How the command is called, as it is shown with every mistake. */
export const USAGE: string = `usage: conda-diff-tar [-h] [--create] [--reference] [-o OUTFILE] [-i INFILE] [--show]
                      [--verify] [--apply] [-v] [--version] [REPOSITORY]
`

const describeFlag = ([name, { short, value, describe }]: readonly [string, DifftarFlag]): string =>
  `  ${`${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`.padEnd(21)} ${describe}\n`

const HEADINGS: Readonly<Record<DifftarFlag['group'], string>> = {
  mode: '',
  option: 'options:\n',
  reference: 'with --reference:\n',
  create: 'with --create and --show:\n',
  apply: 'with --apply, also of volumes one at a time, in any order; what came is kept until all are there:\n',
}

const describeGroups = (): string =>
  [...Map.groupBy(Object.entries(DIFFTAR_FLAGS), ([, { group }]) => group)].map(([group, flags]) => `${HEADINGS[group]}${flags.map(describeFlag).join('')}`).join('\n')

/** What `-h` prints. */
export const HELP: string = `${USAGE}
Carries what changed in a mirror of conda channels to a mirror that has no network.

positional arguments:
  REPOSITORY            folder of the mirror, or of one channel

${describeGroups()}
exit status: 0 done, 1 something is wrong or volumes are missing, 2 the command line is wrong
`
