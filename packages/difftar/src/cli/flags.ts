/** A flag of `conda-diff-tar`, as its parser, its help and the completion of shells take it. */
export interface DifftarFlag {
  readonly type: 'boolean' | 'string'
  readonly short?: string
  /** It can be given more than once. */
  readonly multiple?: boolean
  /** What stands for the value in the help. */
  readonly value?: string
  /** The value is the path of a file. */
  readonly isPath?: boolean
  /** What it is for; each has its heading in the help. */
  readonly group: 'mode' | 'option' | 'reference' | 'create' | 'apply'
  readonly describe: string
}

/** Every flag, in the order of the help. */
export const FLAGS = {
  reference: { type: 'boolean', group: 'mode', describe: 'write down what the mirror holds now, to --outfile [default: ./reference.json]' },
  show: { type: 'boolean', group: 'mode', describe: 'list the files that changed since the reference in --infile [default: ./reference.json]' },
  create: { type: 'boolean', group: 'mode', describe: 'write those files to a tarball, --outfile [default: ./update.tar]' },
  verify: { type: 'boolean', group: 'mode', describe: 'compare every file that the indexes list with them' },
  apply: { type: 'boolean', group: 'mode', describe: 'verify a tarball, its volumes or a delta directory, --infile [default: ./update.tar], and apply it' },
  'new-key': { type: 'string', value: 'NAME', isPath: true, group: 'mode', describe: 'make a key pair: NAME.key signs, NAME.pub verifies' },
  help: { type: 'boolean', short: 'h', group: 'option', describe: 'show this message and exit' },
  infile: { type: 'string', short: 'i', multiple: true, value: 'INFILE', isPath: true, group: 'option', describe: 'what is read; - is standard input (--apply)' },
  outfile: { type: 'string', short: 'o', value: 'OUTFILE', isPath: true, group: 'option', describe: 'what is written; - is standard output (--create, --reference)' },
  verbose: { type: 'boolean', short: 'v', group: 'option', describe: 'name each file' },
  json: { type: 'boolean', group: 'option', describe: 'print the result as JSON' },
  version: { type: 'boolean', group: 'option', describe: 'show the version and exit' },
  compact: { type: 'boolean', group: 'reference', describe: 'a smaller file without paths of this machine, which the old conda-diff-tar cannot read' },
  since: { type: 'string', multiple: true, value: 'REFERENCE', isPath: true, group: 'create', describe: 'beside --infile; several: the delta fits any of them' },
  full: { type: 'boolean', group: 'create', describe: 'from nothing, without a reference: for a mirror that is still empty' },
  'volume-size': { type: 'string', value: 'SIZE', group: 'create', describe: 'split into tarballs of at most that size, such as 4G' },
  sign: { type: 'string', value: 'KEY', isPath: true, group: 'create', describe: 'sign with this secret key (minisign)' },
  'with-tool': { type: 'boolean', group: 'create', describe: 'put this program beside the tarball, with a few words and checksums' },
  key: { type: 'string', multiple: true, value: 'KEY', isPath: true, group: 'apply', describe: 'trust only deltas that this public key verifies: a file, or the key itself; can be given more than once' },
  deep: { type: 'boolean', group: 'apply', describe: 'compare what stays byte for byte, not by size' },
  grace: { type: 'string', value: 'TIME', group: 'apply', describe: 'keep removed files for so long, such as 24h or 0 [default: 24h]' },
  request: { type: 'string', value: 'FILE', isPath: true, group: 'apply', describe: 'where to write what is here when the delta does not fit [default: ./request.jsonl]' },
  'allow-older': { type: 'boolean', group: 'apply', describe: 'apply a delta that fits though a later one was applied before' },
  'dry-run': { type: 'boolean', group: 'apply', describe: 'verify everything, change nothing' },
} as const

/** Every flag of `conda-diff-tar` by its name, in the order of its help. */
export const DIFFTAR_FLAGS: Readonly<Record<string, DifftarFlag>> = { ...FLAGS }
