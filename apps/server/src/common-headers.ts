/** What stands in every answer: that nobody guesses what it is, and that pages elsewhere may read it, as they may read upstream. */
export const COMMON_HEADERS = { 'x-content-type-options': 'nosniff', 'access-control-allow-origin': '*' } as const
