/** How the command is called, as it is shown with every mistake. */
export const USAGE: string = `usage: conda-diff-tar [-h] [--create] [--reference] [-o OUTFILE] [-i INFILE] [--show]
                      [--verify] [--apply] [-v] [--version] [REPOSITORY]
`

/** What \`-h\` prints. */
export const HELP: string = `${USAGE}
Carries what changed in a mirror of conda channels to a mirror that has no network.

positional arguments:
  REPOSITORY            folder of the mirror, or of one channel

  --reference           write down what the mirror holds now, to --outfile [default: ./reference.json]
  --show                list the files that changed since the reference in --infile [default: ./reference.json]
  --create              write those files to a tarball, --outfile [default: ./update.tar]
  --verify              compare every file that the indexes list with them
  --apply               verify a tarball, its volumes or a delta directory, --infile [default: ./update.tar], and apply it
  --new-key NAME        make a key pair: NAME.key signs, NAME.pub verifies

options:
  -h, --help            show this message and exit
  -i, --infile INFILE   what is read; - is standard input (--apply)
  -o, --outfile OUTFILE what is written; - is standard output (--create, --reference)
  -v, --verbose         name each file
  --json                print the result as JSON
  --version             show the version and exit

with --reference:
  --compact             a smaller file without paths of this machine, which the old conda-diff-tar cannot read

with --create and --show:
  --since REFERENCE     beside --infile; several: the delta fits any of them
  --full                from nothing, without a reference: for a mirror that is still empty
  --volume-size SIZE    split into tarballs of at most that size, such as 4G
  --sign KEY            sign with this secret key (minisign)
  --with-tool           put this program beside the tarball, with a few words and checksums

with --apply, also of volumes one at a time, in any order; what came is kept until all are there:
  --key KEY             trust only deltas that this public key verifies: a file, or the key itself; can be given more than once
  --deep                compare what stays byte for byte, not by size
  --grace TIME          keep removed files for so long, such as 24h or 0 [default: 24h]
  --request FILE        where to write what is here when the delta does not fit [default: ./request.jsonl]
  --allow-older         apply a delta that fits though a later one was applied before
  --dry-run             verify everything, change nothing

exit status: 0 done, 1 something is wrong or volumes are missing, 2 the command line is wrong
`
