/** One way in which rattler answers otherwise than we do, and why. */
export interface Disagreement {
  readonly name: string
  readonly why: string
  readonly applies: (found: Found) => boolean
}

/** An answer is `1`, `0`, or `x` where the spec is refused. */
export interface Found {
  readonly spec: string
  readonly version: string
  readonly ours: string
  readonly theirs: string
}

/** The entry that explains a disagreement. */
export function explain(table: readonly Disagreement[], found: Found): Disagreement | undefined {
  return table.find((entry) => entry.applies(found))
}

/** Match specs: rattler 0.28 (py-rattler), lenient. */
export const MATCH_SPEC_DISAGREEMENTS: readonly Disagreement[] = [
  {
    name: '.* behind >',
    why: 'Rattler reads >1.2.* as >=1.2; conda leaves .* out and so do we (channels.md has its answers).',
    applies: ({ spec, ours, theirs }) => / >[^,|]*\.\*$/.test(spec) && ours === '0' && theirs === '1',
  },
  {
    name: 'underscore behind a word',
    why: 'CEP 33 and conda make the _ of 9b_ part of the word, so 9b < 9b_; for rattler it is an atom, below a number: 9b_ < 9b.',
    applies: ({ spec }) => /[a-z]_$/i.test(spec),
  },
]

/** Order of versions, and which starts with which (`spec` ends in `*`): @conda-org/rattler 0.3.5. Answers are signs or booleans. */
export const VERSION_DISAGREEMENTS: readonly Disagreement[] = [
  {
    name: 'a zero that is not there',
    why: 'A missing atom counts as 0 for conda and us, so 1.0dev starts with 1.0dev0; rattler wants it to be written.',
    applies: ({ spec, ours, theirs }) => /[a-z_]0+\*$/i.test(spec) && ours === 'true' && theirs === 'false',
  },
]

const isFuzzy = (spec: string): boolean => /\*|(?:^|[,|(])=[^=]|~=/.test(spec)

/** Version specs against versions: @conda-org/rattler 0.3.5, lenient. */
export const VERSION_SPEC_DISAGREEMENTS: readonly Disagreement[] = [
  {
    name: '.* behind >',
    why: 'Rattler reads >1.2.* as >=1.2; conda leaves .* out and so do we.',
    applies: ({ spec, ours, theirs }) => /^>[^=].*\.\*$/.test(spec) && ours === '0' && theirs === '1',
  },
  {
    name: '.* behind ==',
    why: 'The CEP has pkg ==1.8.* * among the fuzzy forms, as py-rattler 0.28 in match specs; rattler\'s version spec leaves .* out.',
    applies: ({ spec, ours, theirs }) => /^==.*\.\*$/.test(spec) && ours === '1' && theirs === '0',
  },
  {
    name: 'letters in the last segment',
    why: 'Conda takes 9b for 9.* and 1.0rc1 for =1.0r, and so do we; rattler 0.3.5 compares whole segments (py-rattler 0.28 takes 9b too).',
    applies: ({ spec, version, ours, theirs }) => {
      const stem = spec.replace(/^[!=~<>]+|\.?\*$/g, '').replace(/[.0]+$/, '')
      const isBeginning = spec.startsWith('~=') || version.startsWith(stem)
      return isFuzzy(spec) && /[a-z_]/i.test(version) && isBeginning && ours !== 'x' && theirs === (spec.startsWith('!=') ? '1' : '0')
    },
  },
]
