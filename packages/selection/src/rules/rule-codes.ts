import { RULES, type RuleName } from '../selection.ts'

/** A rule as it stands in `decidedBy`: 0 for none, else its place in `RULES` plus 1. */
export const NOBODY = 0

/** The code of a rule. */
export function codeOf(rule: RuleName): number {
  return RULES.indexOf(rule) + 1
}

/** The rule of a code; undefined for `NOBODY`. */
export function ruleOf(code: number): RuleName | undefined {
  return RULES[code - 1]
}
